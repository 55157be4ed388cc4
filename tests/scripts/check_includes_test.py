"""scripts/check_includes.py refuses the includes and catches that the architecture forbids, and nothing
else."""

import importlib.util
import pathlib
import tempfile
import unittest

_ROOT = pathlib.Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location("check_includes",
                                               _ROOT / "scripts/check_includes.py")
check_includes = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(check_includes)

CMAKE = """\
postern_folder(base EXTERNAL spdlog::spdlog)
postern_folder(config base EXTERNAL yaml-cpp)
postern_folder(credentials config base EXTERNAL Poco::Data)
postern_folder(exposition base EXTERNAL simdjson::simdjson)
postern_folder(http base EXTERNAL Poco::Net)
postern_folder(app http config base)
"""


class CheckIncludes(unittest.TestCase):
    def breaches(self, path: str, text: str) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            file = root / "daemon" / path
            file.parent.mkdir(parents=True)
            (root / "daemon/CMakeLists.txt").write_text(CMAKE)
            file.write_text(text)
            return check_includes.breaches(root)

    def allows(self, path: str, text: str):
        with self.subTest(path=path, text=text):
            self.assertEqual(self.breaches(path, text), [])

    def refuses(self, path: str, text: str, complaint: str):
        with self.subTest(path=path, text=text):
            self.assertIn(complaint, "\n".join(self.breaches(path, text)))

    def test_folders_include_only_what_lies_below(self):
        self.allows("config/a.cpp", '#include "config/a.h"\n#include "base/b.h"\n')
        self.allows("main.cpp", '#include "app/serve.h"\n')
        self.refuses("base/a.cpp", '#include "config/a.h"\n', "base may not include config")
        self.refuses("config/a.cpp", '#include "exposition/a.h"\n', "config may not include")
        self.refuses("http/a.h", '#include "../base/b.h"\n', "includes start at daemon/")

    def test_libraries_are_seen_by_their_own_folders_only(self):
        self.allows("http/a.cpp", '#include "Poco/Net/HTTPServer.h"\n')
        self.allows("credentials/mysql.cpp", "#include <Poco/Data/Session.h>\n")
        self.allows("base/log.cpp", "#include <spdlog/spdlog.h>\n")
        self.refuses("credentials/mounted.cpp", '#include "Poco/Data/Session.h"\n', "mysql*")
        self.refuses("config/a.cpp", '#include "Poco/Net/Socket.h"\n', "http/* only")
        self.refuses("base/a.cpp", "#include <spdlog/spdlog.h>\n", "base/log.cpp only")
        self.refuses("exposition/a.cpp", "#include <nlohmann/json.hpp>\n", "web/* only")
        self.refuses("http/a.cpp", "#include <re2/re2.h>\n", "relabel/* only")
        self.refuses("http/a.cpp", "#include <zstd/zstd.h>\n", "unknown library")

    def test_pure_folders_do_no_input_or_output(self):
        self.allows("exposition/a.cpp", "#include <string>\n#include <simdjson.h>\n")
        self.allows("http/a.cpp", "#include <unistd.h>\n#include <sys/socket.h>\n")
        self.refuses("exposition/a.cpp", "#include <unistd.h>\n", "without input and output")

    def test_only_border_posts_catch(self):
        self.allows("http/server.cpp", "void f() try {} catch (...) {}\n")
        self.allows("base/a.cpp", '// catch (it)\nauto s = "catch (it)"; // catch (it)\n')
        self.refuses("base/a.cpp", "try {} catch (const E& e) {}\n", "errors are values here")


if __name__ == "__main__":
    unittest.main()
