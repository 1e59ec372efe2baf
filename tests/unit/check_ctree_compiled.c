/* check_ctree_compiled: what random expressions and tables mean, asked of the C compilers themselves; files of it. */
#include "ctree_unit.h"

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
    Suite *s = suite_create("ctree compiled");
    TCase *c = tcase_create("ctree compiled");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, compilers_read_what_was_built);
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
