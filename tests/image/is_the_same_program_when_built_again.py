"""A later build of the same sources, in another folder and without a compiler cache, is the same program byte
for byte."""

import pathlib

from stage import BUILD_STAGE, check, command, run


def scenario(stage):
    container = command("buildah", "from", "--pull-never", BUILD_STAGE).strip()

    def inside(*words):
        return command("buildah", "run", "--isolation", "chroot", container, "--", *words)

    class Container:
        def stop(self):
            command("buildah", "rm", container)

    stage.owns(Container())
    root = pathlib.Path(command("buildah", "mount", container).strip())
    version = inside("/build/program/postern", "--version")
    revision = version.split("revision ")[1].split(")")[0]
    inside("cp", "-r", "/build/postern", "/tmp/elsewhere")
    inside("env", f"REVISION={revision}", "TZ=Asia/Kathmandu", "CCACHE_DISABLE=1", "/build/program.sh",
           "/tmp/elsewhere", "/tmp/again")
    first, again = ((root / folder / "postern").read_bytes() for folder in ("build/program", "tmp/again"))
    check(first == again, "the program is the same when built again")


run(scenario)
