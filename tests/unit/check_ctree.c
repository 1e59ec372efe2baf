/* check_ctree: the C tree as text. What random expressions and tables mean is asked of the C compilers themselves; what
 * must read in one particular way stands here as text. */
#include "ctree/ctree.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctree/ctree_nodes.h"

static arena *memory;
static cunit *u;

static void setup(void)
{
    memory = arena_new();
    u = cunit_new(memory);
}

static void teardown(void)
{
    arena_free(memory);
}

static char *printed(const cunit *unit)
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

static cexpr *v(const char *name) { return c_name(u, name); }

static cexpr *i(int64_t value)
{
    return c_int(u, value);
}

static cexpr *bin(const char *op, cexpr *a, cexpr *b)
{
    return c_binary(u, op, a, b);
}

/* An expression as it stands behind "return ". */
static const char *text_of(cexpr *e)
{
    cunit *own = cunit_new(memory);
    cfunction *f = c_function(own, "int", "f", NULL);
    c_return(c_body(f), e);
    c_function_end(f);
    char *line = strstr(printed(own), "return ") + 7;
    *strrchr(line, ';') = 0;
    return line;
}

static void expect(cexpr *e, const char *want)
{
    ck_assert_str_eq(text_of(e), want);
}

/* --- compilers --- */

static const char *const compilers[] = {
    "gcc -std=c99 -Wc++-compat", "g++ -std=c++11 -x c++", "clang -std=c99 -Wc++-compat", "clang++ -std=c++11 -x c++"};

enum { COMPILERS = sizeof compilers / sizeof *compilers };

static bool is_there(unsigned compiler)
{
    const char *name = arena_strndup(memory, compilers[compiler], strcspn(compilers[compiler], " "));
    return system(arena_printf(memory, "command -v %s >/dev/null 2>&1", name)) == 0;
}

/* Compiles a source with every compiler that is there, warnings as errors, and runs it if it has a main. */
static void compile(const char *code, bool run)
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

/* --- expressions --- */

START_TEST(parentheses_stand_where_they_are_needed)
{
    expect(bin("*", bin("+", v("a"), v("b")), v("c")), "(a + b) * c");
    expect(bin("+", bin("*", v("a"), v("b")), v("c")), "a * b + c");
    expect(bin("-", v("a"), bin("-", v("b"), v("c"))), "a - (b - c)");
    expect(bin("-", bin("-", v("a"), v("b")), v("c")), "a - b - c");
    expect(bin("/", v("a"), bin("*", v("b"), v("c"))), "a / (b * c)");
    expect(bin("+", v("a"), bin("+", v("b"), v("c"))), "a + (b + c)");
    expect(bin("<", bin("+", v("a"), v("b")), v("c")), "a + b < c");
    expect(bin("&&", bin("<", v("a"), v("b")), bin("!=", v("b"), v("c"))), "a < b && b != c");
    expect(c_unary(u, "-", bin("+", v("a"), v("b"))), "-(a + b)");
    expect(c_unary(u, "-", c_unary(u, "-", v("a"))), "-(-a)");
    expect(bin("-", v("a"), c_float(u, -1.0f)), "a - -1.0f");
    expect(c_cast(u, "float", bin("+", v("a"), v("b"))), "(float)(a + b)");
    expect(bin("*", c_cast(u, "size_t", v("a")), v("b")), "(size_t)a * b");
    expect(c_index(u, c_cast(u, "float *", v("a")), v("b")), "((float *)a)[b]");
    expect(c_member(u, c_unary(u, "*", v("a")), "b", false), "(*a).b");
    expect(c_index(u, c_member(u, v("self"), "h", true), bin("+", v("k"), i(1))), "self->h[k + 1]");
    expect(c_conditional(u, bin("<", v("a"), v("b")), v("a"), v("b")), "a < b ? a : b");
    expect(bin("+", c_conditional(u, v("a"), v("b"), v("c")), i(1)), "(a ? b : c) + 1");
    expect(c_conditional(u, v("a"), v("b"), c_conditional(u, v("c"), v("d"), v("e"))), "a ? b : c ? d : e");
    expect(c_call(u, "f", 2, bin("+", v("a"), v("b")), c_conditional(u, v("c"), v("d"), v("e"))), "f(a + b, c ? d : e)");
}
END_TEST

START_TEST(parentheses_that_warnings_ask_for)
{
    expect(bin("||", bin("&&", v("a"), v("b")), v("c")), "(a && b) || c");
    expect(bin("||", v("a"), bin("&&", v("b"), v("c"))), "a || (b && c)");
    expect(bin("||", bin("||", v("a"), v("b")), v("c")), "a || b || c");
    expect(bin("==", c_unary(u, "!", v("a")), v("b")), "(!a) == b");
    expect(bin("&&", c_unary(u, "!", v("a")), v("b")), "!a && b");
    expect(bin("<", bin("<", v("a"), v("b")), v("c")), "(a < b) < c");
    expect(bin("==", bin("<", v("a"), v("b")), bin("!=", v("b"), v("c"))), "(a < b) == (b != c)");
}
END_TEST

START_TEST(integers_fold_and_floats_do_not)
{
    expect(c_add(u, i(2), i(3)), "5");
    expect(c_mul(u, i(4), i(5)), "20");
    expect(c_sub(u, i(5), i(3)), "2");
    expect(c_sub(u, i(3), i(5)), "3 - 5"); /* of size_t: it would wrap */
    expect(bin("/", i(7), i(2)), "3");
    expect(bin("%", i(7), i(4)), "3");
    expect(bin("/", i(7), i(0)), "7 / 0");
    expect(c_add(u, v("x"), i(0)), "x");
    expect(c_add(u, i(0), v("x")), "x");
    expect(c_sub(u, v("x"), i(0)), "x");
    expect(c_mul(u, v("x"), i(1)), "x");
    expect(c_mul(u, i(1), v("x")), "x");
    expect(c_mul(u, i(0), v("x")), "0");
    expect(bin("/", v("x"), i(1)), "x");
    expect(c_add(u, c_add(u, v("x"), i(3)), i(4)), "x + 7");
    expect(c_add(u, v("x"), i(-4)), "x - 4");
    expect(c_mul(u, i(INT64_MAX), i(2)), "9223372036854775807 * 2");
    expect(c_mul(u, v("x"), c_float(u, 1)), "x * 1.0f");
    expect(c_add(u, v("x"), c_float(u, 0)), "x + 0.0f");
    int64_t value = 0;
    ck_assert(c_is_int(c_add(u, i(40), i(2)), &value));
    ck_assert_int_eq(value, 42);
    ck_assert(!c_is_int(v("x"), &value));
}
END_TEST

START_TEST(floats_are_the_shortest_that_read_back)
{
    expect(c_float(u, 0.5f), "0.5f");
    expect(c_float(u, 1), "1.0f");
    expect(c_float(u, 0.1f), "0.1f");
    expect(c_float(u, 1e-5f), "1e-5f");
    expect(c_float(u, 1e8f), "1e8f");
    expect(c_float(u, 16777216.0f), "16777216.0f");
    expect(c_float(u, 3.4028235e38f), "3.4028235e38f");
    expect(c_float(u, 1e-45f), "1e-45f");
    expect(c_float(u, -0.0f), "-0.0f");
    expect(c_float(u, INFINITY), "INFINITY");
    expect(c_float(u, -INFINITY), "-INFINITY");
    expect(c_float(u, NAN), "NAN");
    expect(c_unary(u, "-", c_float(u, -2.5f)), "-(-2.5f)");
    expect(c_double(u, 1e-5), "1e-5");
    expect(c_double(u, 128), "128.0");
    expect(c_double(u, 0.1), "0.1");
    expect(c_double(u, INFINITY), "INFINITY");
    expect(c_double(u, -INFINITY), "-INFINITY");
    expect(c_double(u, NAN), "NAN");
    for (uint32_t n = 1; n < 4000; n++) {
        uint32_t bits = n * 1073741789u;
        float value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        char number[40], shorter[40];
        cfloat_print(value, number);
        ck_assert_msg(strtof(number, NULL) == value, "%s", number);
        int digits = 0;
        for (const char *c = number; *c && *c != 'e' && *c != 'f'; c++) digits += *c >= '0' && *c <= '9';
        if (strstr(number, "0.") == number + (number[0] == '-')) digits -= (int)strspn(strchr(number, '.') + 1, "0") + 1;
        if (strstr(number, ".0f")) digits--;
        if (digits < 2 || digits > 9) continue;
        snprintf(shorter, sizeof shorter, "%.*g", digits - 1, (double)value);
        ck_assert_msg(strtof(shorter, NULL) != value, "%s is longer than %s", number, shorter);
    }
}
END_TEST

/* --- random expressions, as the compilers read them --- */

typedef struct {
    uint32_t state;
} dice;

static unsigned roll(dice *d, unsigned sides)
{
    d->state = d->state * 1664525u + 1013904223u;
    return (d->state >> 8) % sides;
}

/* Values stay small and divisors are not zero, so that nothing overflows. */
static cexpr *random_expression(dice *d, int depth, int64_t *value)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    static const int64_t values[] = {2, 3, 5, -7};
    static const char *const ops[] = {"+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "&&", "||"};
    unsigned kind = depth == 0 ? roll(d, 2) : 2 + roll(d, 4);
    int64_t x, y, z;
    if (kind == 0) {
        unsigned n = roll(d, 4);
        *value = values[n];
        return v(names[n]);
    }
    if (kind == 1) {
        *value = 1 + roll(d, 9);
        return i(*value);
    }
    cexpr *a = random_expression(d, depth - 1, &x);
    if (kind == 2) {
        bool negates = roll(d, 2);
        *value = negates ? -x : !x;
        return c_unary(u, negates ? "-" : "!", a);
    }
    cexpr *b = random_expression(d, depth - 1, &y);
    if (kind == 3) {
        cexpr *test = random_expression(d, 1, &z);
        *value = z ? x : y;
        return c_conditional(u, test, a, b);
    }
    unsigned op = roll(d, 13);
    if ((op == 3 || op == 4) && y == 0) op = 0;
    if (op == 2 && (x > 1000 || x < -1000 || y > 1000 || y < -1000)) op = 1;
    switch (op) {
    case 0: *value = x + y; break;
    case 1: *value = x - y; break;
    case 2: *value = x * y; break;
    case 3: *value = x / y; break;
    case 4: *value = x % y; break;
    case 5: *value = x < y; break;
    case 6: *value = x <= y; break;
    case 7: *value = x > y; break;
    case 8: *value = x >= y; break;
    case 9: *value = x == y; break;
    case 10: *value = x != y; break;
    case 11: *value = x && y; break;
    default: *value = x || y; break;
    }
    return bin(ops[op], a, b);
}

START_TEST(compilers_read_what_was_built)
{
    c_top_line(u, "#include <stdio.h>");
    cfunction *f = c_function(u, "static int", "check", NULL);
    c_parameter(f, "long long", "a");
    c_parameter(f, "long long", "b");
    c_parameter(f, "long long", "c");
    c_parameter(f, "long long", "d");
    dice d = {1};
    for (int n = 0; n < 300; n++) {
        int64_t value;
        cexpr *e = random_expression(&d, 1 + n % 4, &value);
        c_declare(c_body(f), "const long long", arena_printf(memory, "value%d", n), e);
        cexpr *different = bin("!=", v(arena_printf(memory, "value%d", n)), i(value));
        c_return(c_if(c_body(f), different), i(n + 1));
    }
    c_return(c_body(f), i(0));
    c_function_end(f);
    c_top_line(u, "int main(void) { return check(2, 3, 5, -7) != 0; }");
    char folder[] = "/tmp/check_ctree_XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    FILE *to = fopen(arena_printf(memory, "%s/sample.c", folder), "w");
    ck_assert(cunit_print(u, to));
    fclose(to);
    unsigned done = 0;
    for (unsigned c = 0; c < COMPILERS; c += 2) {
        if (!is_there(c)) continue;
        /* other warnings are about what random expressions say (7 && a < a), not about how it is printed */
        const char *command = arena_printf(memory, "cd %s && %s -Werror=parentheses -Werror=logical-not-parentheses "
                                           "sample.c -o sample 2>warnings && ./sample", folder, compilers[c]);
        ck_assert_msg(system(command) == 0, "%s", command);
        done++;
    }
    ck_assert_uint_gt(done, 0);
    ck_assert_int_eq(system(arena_printf(memory, "rm -r %s", folder)), 0);
}
END_TEST

/* --- statements and lines --- */

START_TEST(statements_read_like_c)
{
    cfunction *f = c_function(u, "static void", "scale", "x [n] -> y [n]");
    c_parameter(f, "size_t", "n");
    c_parameter(f, "const float *", "x");
    c_parameter(f, "float *", "y");
    c_parameter(f, "size_t", "unused");
    cblock *b = c_body(f);
    c_declare(b, "float", "sum", c_float(u, 0));
    c_declare_array(b, "float", "row", 4);
    cblock *loop = c_for(b, "i", i(0), v("n"), 1);
    c_assign(loop, c_index(u, v("row"), bin("%", v("i"), i(4))), "=", c_index(u, v("x"), v("i")));
    c_assign(loop, v("sum"), "+=", c_index(u, v("row"), bin("%", v("i"), i(4))));
    c_comment(b, "all but the last");
    loop = c_for(b, "i", i(0), bin("/", v("n"), i(4)), 4);
    cblock *then = c_if(loop, bin("<", v("sum"), c_float(u, 0)));
    c_assign(then, c_index(u, v("y"), v("i")), "=", v("sum"));
    cblock *other = c_else(loop);
    then = c_if(other, bin(">", v("sum"), c_float(u, 1)));
    c_do(then, c_call(u, "nothing", 0));
    c_return(c_else(other), NULL);
    loop = c_for_down(b, "k", v("n"));
    c_do(c_scope(loop), c_call(u, "use", 1, v("k")));
    c_blank(b);
    c_return(b, NULL);
    c_function_end(f);
    ck_assert_str_eq(printed(u), "/* x [n] -> y [n] */\n"
                                 "static void scale(size_t n, const float *x, float *y, size_t unused) {\n"
                                 "    (void)unused;\n"
                                 "    float sum = 0.0f;\n"
                                 "    float row[4];\n"
                                 "    for (size_t i = 0; i < n; i++) {\n"
                                 "        row[i % 4] = x[i];\n"
                                 "        sum += row[i % 4];\n"
                                 "    }\n"
                                 "    /* all but the last */\n"
                                 "    for (size_t i = 0; i < n / 4; i += 4) {\n"
                                 "        if (sum < 0.0f) {\n"
                                 "            y[i] = sum;\n"
                                 "        } else if (sum > 1.0f) {\n"
                                 "            nothing();\n"
                                 "        } else {\n"
                                 "            return;\n"
                                 "        }\n"
                                 "    }\n"
                                 "    for (size_t k = n; k-- > 0;) {\n"
                                 "        {\n"
                                 "            use(k);\n"
                                 "        }\n"
                                 "    }\n"
                                 "\n"
                                 "    return;\n"
                                 "}\n"
                                 "\n");
}
END_TEST

static void fill_three(void *context, float *values)
{
    memcpy(values, context, 3 * sizeof *values);
}

START_TEST(what_is_added_while_a_function_is_built_stands_above_it)
{
    static float values[] = {1, -0.5f, 1e10f};
    cfunction *f = c_function(u, "static float", "get", NULL);
    c_return(c_body(f), c_index(u, c_table(u, "table", 3, CTABLE_DECIMAL, fill_three, values, "three"), i(0)));
    c_function_end(f);
    ck_assert_str_eq(printed(u), "/* three */\n"
                                 "static const float table[3] = {\n"
                                 "    1.0f, -0.5f, 1e10f\n"
                                 "};\n"
                                 "\n"
                                 "static float get(void) {\n"
                                 "    return table[0];\n"
                                 "}\n"
                                 "\n");
}
END_TEST

START_TEST(locals_keep_clear_of_types)
{
    name_set *types = name_set_new(memory);
    name_set_take(types, "x");
    name_set_take(types, "i");
    name_set_take(types, "sum");
    c_top_line(u, "#include <stddef.h>\nstruct x_state { float x; };\ntypedef struct x_state x, i, sum;");
    cfunction *f = c_function(u, "float", "run", NULL);
    c_parameter(f, "x *", "self");
    c_parameter(f, "float *", "x");
    c_declare(c_body(f), "float", "sum", c_float(u, 0));
    c_assign(c_for(c_body(f), "i", i(0), i(4), 1), v("sum"), "+=", c_index(u, v("x"), v("i")));
    c_return(c_body(f), c_add(u, v("sum"), c_member(u, v("self"), "x", true)));
    c_function_end(f);
    cunit_protect(u, types);
    char *lines = printed(u);
    ck_assert_ptr_nonnull(strstr(lines, "(x *self, float *x_)"));
    ck_assert_ptr_nonnull(strstr(lines, "sum_ += x_[i_];"));
    ck_assert_ptr_nonnull(strstr(lines, "return sum_ + self->x;"));
    compile(arena_printf(memory, "struct x_state;\nextern float run(struct x_state *self, float *y);\n%s", lines), false);
}
END_TEST

static size_t longest_line(const char *lines)
{
    size_t longest = 0;
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        longest = n > longest ? n : longest;
        lines += n + (lines[n] == '\n');
    }
    return longest;
}

START_TEST(lines_are_at_most_120_columns)
{
    cfunction *f = c_function(u, "static float", "a_function_with_a_long_name",
                              "A comment that goes on and on, so that it has to be filled into several lines of which none "
                              "may be longer than the others are allowed to be, and ends here.\nA line of its own.");
    for (int n = 0; n < 12; n++) c_parameter(f, "const float *", arena_printf(memory, "parameter_number_%d", n));
    cblock *b = c_body(f);
    for (int depth = 0; depth < 6; depth++) {
        cexpr *sum = v("parameter_number_0[0]");
        for (int n = 1; n < 12; n++)
            sum = c_add(u, sum, c_call(u, "fmaxf", 2, c_index(u, v(arena_printf(memory, "parameter_number_%d", n)), i(n)),
                                       c_unary(u, "*", v("parameter_number_3"))));
        c_declare(b, "const float", arena_printf(memory, "sum%d", depth), sum);
        b = c_if(b, bin("<", v(arena_printf(memory, "sum%d", depth)), c_float(u, 0)));
    }
    c_return(b, v("sum5"));
    c_return(c_body(f), c_float(u, 0));
    c_function_end(f);
    char *lines = printed(u);
    ck_assert_uint_le(longest_line(lines), 120);
    ck_assert_uint_gt(longest_line(lines), 100);
    ck_assert_ptr_null(strstr(lines, "*\n"));
    ck_assert_ptr_null(strstr(lines, " \n"));
    const char *main_text = "#include <math.h>\n#include <stddef.h>\nfloat use(void);\n%s"
                            "float use(void) { float x[12] = {0}; return a_function_with_a_long_name(x, x, x, x, x, x, x, "
                            "x, x, x, x, x); }\n";
    compile(arena_printf(memory, main_text, lines), false);
}
END_TEST

START_TEST(comments_hold_anything)
{
    c_function_end(c_function(u, "void", "one", "ends */ early, /* opens again, \xe2\x80\xae turns around, \x01 and \\"));
    c_function_end(c_function(u, "void", "two", "**//**/*"));
    char *lines = printed(u);
    for (const char *c = lines; *c; c++) ck_assert_msg(*c == '\n' || (*c >= ' ' && *c <= '~'), "a byte %d", *c);
    compile(lines, false);
}
END_TEST

/* --- tables --- */

static const float samples[] = {0, -0.0f, 1, -1, 0.1f, 1e-45f, 1.17549435e-38f, 3.4028235e38f, -3.4028235e38f, 1e10f,
                                16777216.0f, 0.33333334f, 1.0e-5f, 123456.789f};
enum { SAMPLES = sizeof samples / sizeof *samples };

static void fill_samples(void *context, float *values)
{
    (void)context;
    memcpy(values, samples, sizeof samples);
}

static void fill_odd(void *context, float *values)
{
    uint32_t *bits = context;
    memcpy(values, bits, 4 * sizeof *values);
}

START_TEST(tables_read_back_exactly)
{
    static uint32_t odd[] = {0x7f800000u, 0xff800000u, 0x7fc00000u, 0x00000001u};
    c_top_line(u, "#include \"nnc_runtime.h\"");
    cexpr *decimal = c_table(u, "decimal", SAMPLES, CTABLE_DECIMAL, fill_samples, NULL, "as decimals");
    cexpr *bits = c_table(u, "bits", SAMPLES, CTABLE_BITS, fill_samples, NULL, NULL);
    cexpr *special = c_table(u, "special", 4, CTABLE_BITS, fill_odd, odd, NULL);
    ck_assert_str_eq(text_of(decimal), "decimal");
    ck_assert_str_eq(text_of(bits), "bits.value");
    c_top_line(u, "static const uint32_t want[] = {");
    for (int n = 0; n < SAMPLES; n++) {
        uint32_t pattern;
        memcpy(&pattern, &samples[n], sizeof pattern);
        c_top_line(u, "    %lluu,", (unsigned long long)pattern);
    }
    c_top_line(u, "};\nstatic const uint32_t odd[] = {0x7f800000u, 0xff800000u, 0x7fc00000u, 1u};");
    cfunction *f = c_function(u, "int", "main", NULL);
    cexpr *same[] = {decimal, bits, special};
    const char *wanted[] = {"want", "want", "odd"};
    for (int n = 0; n < 3; n++) {
        cexpr *differ = c_call(u, "memcmp", 3, same[n], v(wanted[n]), v(arena_printf(memory, "sizeof %s", wanted[n])));
        c_return(c_if(c_body(f), bin("!=", differ, i(0))), i(n + 1));
    }
    c_return(c_body(f), i(0));
    c_function_end(f);
    compile(printed(u), true);
}
END_TEST

static void fill_counting(void *context, float *values)
{
    const size_t *elements = context;
    for (size_t n = 0; n < *elements; n++) {
        uint32_t bits = (uint32_t)n;
        memcpy(&values[n], &bits, sizeof bits);
    }
}

/* A block of the writer ends somewhere in each of these. */
START_TEST(large_tables_have_every_value_once)
{
    for (size_t elements = 6000; elements < 6020; elements++) {
        cunit *own = cunit_new(memory);
        size_t n = elements;
        c_table(own, "table", n, CTABLE_BITS, fill_counting, &n, NULL);
        const char *lines = printed(own);
        ck_assert_uint_le(longest_line(lines), 120);
        lines = strstr(lines, "= {{\n") + 5;
        for (uint64_t want = 0; want < n; want += 10) {
            lines += strspn(lines, " \n");
            ck_assert_int_eq(strncmp(lines, "NNC_ROW(", 8), 0);
            lines += 6;
            for (uint64_t k = want; k < want + 10; k += 2) {
                uint64_t first = k < n ? k : 0, second = k + 1 < n ? k + 1 : 0; /* a last row ends in zeros */
                char *end;
                lines += 2;
                ck_assert_uint_eq(strtoull(lines, &end, 16), second << 32 | first);
                ck_assert_int_eq(end - lines, 18);
                ck_assert_int_eq(*end, k + 2 < want + 10 ? ',' : ')');
                lines = end;
            }
            ck_assert_int_eq(lines[1], want + 10 < n ? ',' : '\n');
            lines += 2;
        }
        ck_assert_str_eq(lines, "}};\n\n");
    }
}
END_TEST

/* --- warnings --- */

START_TEST(printed_units_compile_without_warnings)
{
    c_top_line(u, "#include \"nnc_runtime.h\"");
    c_enum_constant(u, "SAMPLE_N", 16);
    c_top_line(u, "struct sample { float state[16]; int32_t steps; };");
    cexpr *table = c_table(u, "sample_table", SAMPLES, CTABLE_BITS, fill_samples, NULL, NULL);
    cfunction *f = c_function(u, "static float", "sample_sum", "the sum");
    c_parameter(f, "struct sample *", "self");
    c_parameter(f, "size_t", "n");
    c_parameter(f, "const int32_t *", "ids");
    c_parameter(f, "float *", "work");
    cblock *b = c_body(f);
    c_declare(b, "float", "sum", c_float(u, -0.0f));
    cblock *loop = c_for(b, "i", i(0), bin("/", c_mul(u, v("n"), i(2)), i(3)), 2);
    cexpr *id = c_cast(u, "size_t", c_index(u, v("ids"), v("i")));
    c_assign(loop, v("sum"), "+=", c_index(u, table, bin("%", c_mul(u, id, i(3)), i(SAMPLES))));
    cexpr *test = bin("||", bin("&&", bin("<", v("i"), v("n")), c_unary(u, "!", v("n"))), bin("==", v("i"), v("SAMPLE_N")));
    c_assign(c_if(loop, test), c_member(u, v("self"), "steps", true), "=", i(-1));
    c_assign(c_for_down(b, "k", v("SAMPLE_N")), c_index(u, c_member(u, v("self"), "state", true), v("k")), "*=",
             c_unary(u, "-", v("sum")));
    c_return(b, v("sum"));
    c_function_end(f);
    c_top_line(u, "float sample_run(void);");
    f = c_function(u, "float", "sample_run", NULL);
    c_declare(c_body(f), "struct sample", "self", NULL);
    c_declare(c_body(f), "const int32_t", "id", i(2));
    cexpr *first = c_index(u, c_member(u, v("self"), "state", false), i(0));
    c_assign(c_body(f), first, "=", c_float(u, 1));
    c_return(c_body(f), c_call(u, "sample_sum", 4, c_unary(u, "&", v("self")), i(1), c_unary(u, "&", v("id")),
                               c_unary(u, "&", first)));
    c_function_end(f);
    compile(printed(u), false);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
    FILE *full = fopen("/dev/full", "w");
    if (!full) return; /* Linux has it */
    c_top_line(u, "int x;");
    ck_assert(!cunit_print(u, full));
    fclose(full);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ctree");
    TCase *c = tcase_create("ctree");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, parentheses_stand_where_they_are_needed);
    tcase_add_test(c, parentheses_that_warnings_ask_for);
    tcase_add_test(c, integers_fold_and_floats_do_not);
    tcase_add_test(c, floats_are_the_shortest_that_read_back);
    tcase_add_test(c, compilers_read_what_was_built);
    tcase_add_test(c, statements_read_like_c);
    tcase_add_test(c, what_is_added_while_a_function_is_built_stands_above_it);
    tcase_add_test(c, locals_keep_clear_of_types);
    tcase_add_test(c, lines_are_at_most_120_columns);
    tcase_add_test(c, comments_hold_anything);
    tcase_add_test(c, tables_read_back_exactly);
    tcase_add_test(c, large_tables_have_every_value_once);
    tcase_add_test(c, printed_units_compile_without_warnings);
    tcase_add_test(c, a_full_disk_is_told);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
