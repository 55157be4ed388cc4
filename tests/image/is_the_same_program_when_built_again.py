"""What is compiled again from the same sources, later and in another folder, is the same byte for byte,
and so is the program when it is linked again. A few folders stand for all; POSTERN_IMAGE_WHOLE=1 builds
the whole program a second time."""

import os
import pathlib

from stage import BUILD_STAGE, check, command, run

FOLDERS = ["base", "credentials", "http", "sandbox"]
WHOLE = os.environ.get("POSTERN_IMAGE_WHOLE") == "1"


def scenario(stage):
    container = command("buildah", "from", "--pull-never", BUILD_STAGE).strip()

    def inside(*words):
        command("buildah", "run", "--isolation", "chroot", container, "--", *words)

    class Container:
        def stop(self):
            command("buildah", "rm", container)

    stage.owns(Container())
    root = pathlib.Path(command("buildah", "mount", container).strip())
    first = root / "build/program"
    check((first / "postern").is_file(), "there is a first build")

    def same(ours: pathlib.Path, theirs: pathlib.Path):
        check(ours.read_bytes() == theirs.read_bytes(), f"{ours.relative_to(root)} is the same again")

    inside("cp", "-r", "/build/postern", "/tmp/elsewhere")
    version = command("buildah", "run", "--isolation", "chroot", container, "--",
                      "/build/program/postern", "--version")
    revision = version.split("revision ")[1].split(")")[0]
    inside("env", f"REVISION={revision}", "TZ=Asia/Kathmandu", "/build/program.sh", "/tmp/elsewhere",
           "/tmp/again", *([] if WHOLE else FOLDERS))
    again = root / "tmp/again"
    for folder in FOLDERS:
        objects = sorted((again / f"daemon/CMakeFiles/{folder}.dir").rglob("*.o"))
        check(objects, f"{folder} is compiled again")
        for file in objects:
            same(file, first / file.relative_to(again))
    if WHOLE:
        same(again / "postern", first / "postern")
        return
    program = (first / "postern").read_bytes()
    (first / "postern").unlink()
    inside("env", f"REVISION={revision}", "/build/program.sh", "/build/postern", "/build/program")
    check((first / "postern").read_bytes() == program, "the program is the same when linked again")


run(scenario)
