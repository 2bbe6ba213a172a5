#!/usr/bin/env python3
"""Shows that the two layering checks can fail: each planted breach must be named. `self_test.py C++-COMPILER`"""
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

INCLUDES = {
    "src/base/up.h": ('#include "engine/engine.h"\n', "base may not include engine"),
    "src/engine/side.cc": ('#include "workspace/workspace.h"\n', "engine may not include workspace"),
    "src/replica/clock.cc": ("// why\n#include <chrono>\n", "clock.cc:2: core may not include <chrono>"),
    "src/workspace/socket.cc": ("#include <sys/socket.h>\n", "foreign header <sys/socket.h>"),
    "src/stray/new.cc": ("\n", "the folder stray has no line"),
    "src/engine/facade.h": ('#include "wherry/wherry.h"\n', "engine may not include wherry/wherry.h"),
    "include/wherry/leak.h": ('#include "base/value.h"\n', "wherry may not include base"),
}
GOOD = {
    "src/engine/fine.cc": '#include "engine/engine.h"\n#include "base/value.h"\n#include <vector>\n',
    "src/engine/fine_test.cc": '#include <gtest/gtest.h>\n#include <chrono>\n#include "tests/support/x.h"\n',
}
SYMBOLS = {
    "std::chrono": "#include <chrono>\nlong f() { return std::chrono::system_clock::now().time_since_epoch().count(); }",
    "(entropy)": "#include <random>\nunsigned f() { return std::random_device()(); }",
    "fopen": "#include <cstdio>\nvoid* f() { return std::fopen(\"x\", \"r\"); }",
    "uses open": "#include <fcntl.h>\nint f(const char* p) { return open(p, 0); }",
    "uses socket": "#include <sys/socket.h>\nint f() { return socket(AF_INET, SOCK_STREAM, 0); }",
    "uses time": "#include <ctime>\nlong f() { return std::time(nullptr); }",
    "(thread)": "#include <thread>\nvoid f() { std::thread([] {}).join(); }",
    "(file)": "#include <fstream>\nvoid f() { std::ofstream(\"x\") << 1; }",
}


TWICE = {
    "base": "namespace wherry {\nnamespace other {\nclass Ahead;\n}\nstruct Twice {\n};\nstruct Once {\n};\n}  // namespace wherry\n",
    "engine": "namespace wherry::inner {\nstruct Once {\n};\n}  // namespace wherry::inner\nnamespace wherry {\n"
              "class Twice final : Base {\n};\n}  // namespace wherry\n",
}


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True)


def expect(condition, what, output):
    if not condition:
        sys.exit(f"{what}\n{output}")


def main():
    compiler = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for path, (text, _) in INCLUDES.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        for path, text in GOOD.items():
            (root / path).write_text(text)
        result = run(sys.executable, HERE / "includes.py", root)
        expect(result.returncode == 1, "planted includes were not refused", result.stdout)
        for path, (_, words) in INCLUDES.items():
            expect(words in result.stdout, f"{path} was not named as expected: {words}", result.stdout)
        expect("fine" not in result.stdout, "a correct file was refused", result.stdout)

        for folder in ("base", "engine"):
            (root / f"src/{folder}").mkdir(parents=True, exist_ok=True)
            (root / f"src/{folder}/twice.h").write_text(TWICE[folder])
        result = run(sys.executable, HERE / "types.py", root)
        expect(result.returncode == 1 and "wherry::Twice: defined in" in result.stdout, "a type that is defined twice was not found",
               result.stdout)
        expect("Once" not in result.stdout, "types of two namespaces were taken for one", result.stdout)

        for words, source in {**SYMBOLS, "": "int g(); int f() { return g(); }"}.items():
            (root / "x.cc").write_text(source)
            compiled = run(compiler, "-std=c++20", "-O1", "-c", root / "x.cc", "-o", root / "x.o")
            expect(compiled.returncode == 0, "the planted source does not compile", compiled.stderr)
            (root / "libx.a").unlink(missing_ok=True)
            run("ar", "rc", root / "libx.a", root / "x.o")
            result = run(sys.executable, HERE / "symbols.py", root / "libx.a")
            if words:
                expect(result.returncode == 1 and words in result.stdout, f"not found: {words}", result.stdout)
            else:
                expect(result.returncode == 0, "a harmless archive was refused", result.stdout)


if __name__ == "__main__":
    main()
