"""scripts/check_awaits.py finds the code that g++ 12 miscompiles, and nothing else."""

import importlib.util
import pathlib
import unittest

_ROOT = pathlib.Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location("check_awaits", _ROOT / "scripts/check_awaits.py")
check_awaits = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(check_awaits)


class CheckAwaitsTest(unittest.TestCase):
    def test_takes_names_moved_names_and_numbers(self):
        for line in ("co_await event.wait(scope);", "co_await std::move(task);", "co_await run(std::move(task), *this, 3);",
                     "const auto a = co_await client->send(request, scope_, &b, c.d->e);", "co_await wait();",
                     "// co_await f(a + b);", 'log("co_await f(a + b)");', "co_await group.join(scope), f(a + b);"):
            with self.subTest(line):
                self.assertEqual(list(check_awaits.arguments(line)), [])

    def test_refuses_what_may_be_a_temporary(self):
        for line in ("co_await f(a + b);", "co_await f([&] { return 1; });", "co_await f(Request{});", "co_await f(10ms);",
                     'co_await f("text");', "co_await f(scope.deadline());", "co_await f(std::string(a));",
                     "co_await g.f(a).wait(b - c);", "co_return co_await f({});"):
            with self.subTest(line):
                self.assertEqual(len(list(check_awaits.arguments(line))), 1)

    def test_refuses_awaits_in_conditions(self):
        for line in ("if (co_await f()) g();", "if (!co_await f(a, b)) {", "if (a && co_await f())", "switch (co_await f()) {",
                     "if (auto a = b; co_await f(a))"):
            with self.subTest(line):
                self.assertEqual(list(check_awaits.conditions(line)), [1])
        for line in ("if (const bool came = co_await f(); came)", "while (co_await f()) {", "if (a) co_await f();",
                     "// if (co_await f())"):
            with self.subTest(line):
                self.assertEqual(list(check_awaits.conditions(line)), [])


unittest.main()
