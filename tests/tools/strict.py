"""The warnings that generated C is free of, in gcc and clang: docs/generated-code.md promises them."""
BASIC = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]   # for the tests' own programs, too
STRICT = BASIC + ["-Wundef", "-Wswitch-default", "-Wfloat-equal", "-Wdouble-promotion", "-Wcast-align",
                  "-Wunused-macros"]
ONLY_C = ["-Wc++-compat"]
HEADER_AS_CXX = STRICT + ["-Wold-style-cast"]   # of a model's header alone
