/* A unit of the C tree for each test, what is printed of it, and the C compilers that read that. */
#include "ctree/ctree.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctree/ctree_nodes.h"

static arena *memory;
static cunit *u;

static inline void setup(void)
{
    memory = arena_new();
    u = cunit_new(memory);
}

static inline void teardown(void)
{
    arena_free(memory);
}

static inline char *printed(const cunit *unit)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&bytes, &size);
    ck_assert(cunit_print(unit, to));
    fclose(to);
    char *copy = arena_strdup(memory, bytes);
    free(bytes);
    return copy;
}

static inline cexpr *v(const char *name) { return c_name(u, name); }

static inline cexpr *i(int64_t value)
{
    return c_int(u, value);
}

static inline cexpr *bin(const char *op, cexpr *a, cexpr *b)
{
    return c_binary(u, op, a, b);
}

/* An expression as it stands behind "return ". */
static inline const char *text_of(cexpr *e)
{
    cunit *own = cunit_new(memory);
    cfunction *f = c_function(own, "int", "f", NULL);
    c_return(c_body(f), e);
    c_function_end(f);
    char *line = strstr(printed(own), "return ") + 7;
    *strrchr(line, ';') = 0;
    return line;
}

/* --- compilers --- */

static const char *const compilers[] = {
    "gcc -std=c99 -Wc++-compat", "g++ -std=c++11 -x c++", "clang -std=c99 -Wc++-compat", "clang++ -std=c++11 -x c++"};

enum { COMPILERS = sizeof compilers / sizeof *compilers };

static inline bool is_there(unsigned compiler)
{
    const char *name = arena_strndup(memory, compilers[compiler], strcspn(compilers[compiler], " "));
    return system(arena_printf(memory, "command -v %s >/dev/null 2>&1", name)) == 0;
}

/* Compiles a source with every compiler that is there, warnings as errors, and runs it if it has a main. */
static inline void compile(const char *code, bool run)
{
    char folder[] = "/tmp/check_ctree_XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    const char *path = arena_printf(memory, "%s/sample.c", folder);
    FILE *f = fopen(path, "w");
    fputs(code, f);
    fclose(f);
    unsigned done = 0;
    for (unsigned c = 0; c < COMPILERS; c++) {
        if (!is_there(c)) continue;
        const char *command = arena_printf(memory,
                                           "cd %s && %s -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I %s %s "
                                           "sample.c %s", folder, compilers[c], NNC_TESTS_DIR "/../runtime", run ? "-o sample" : "-fsyntax-only",
                                           run ? "-lm && ./sample" : "");
        ck_assert_msg(system(command) == 0, "%s\n%s", command, code);
        done++;
    }
    ck_assert_msg(done > 0, "neither gcc nor clang is there");
    ck_assert_int_eq(system(arena_printf(memory, "rm -r %s", folder)), 0);
}

static inline size_t longest_line(const char *lines)
{
    size_t longest = 0;
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        longest = n > longest ? n : longest;
        lines += n + (lines[n] == '\n');
    }
    return longest;
}
