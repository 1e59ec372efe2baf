/* check_ctree: the C tree as text: expressions, statements, lines. */
#include "ctree_unit.h"

static void expect(cexpr *e, const char *want)
{
    ck_assert_str_eq(text_of(e), want);
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
    cblock *scope = c_scope(c_scope(loop)); /* alone in their blocks: no braces */
    c_declare(scope, "size_t ", "m", v("k"));
    c_do(c_scope(c_scope(scope)), c_call(u, "use", 1, v("m"))); /* nor where nothing is declared */
    scope = c_scope(scope);
    c_declare(scope, "size_t", "l", v("m"));
    c_do(scope, c_call(u, "use", 1, v("l")));
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
                                 "        size_t m = k;\n"
                                 "        use(m);\n"
                                 "        {\n"
                                 "            size_t l = m;\n"
                                 "            use(l);\n"
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

int main(void)
{
    Suite *s = suite_create("ctree");
    TCase *c = tcase_create("ctree");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, parentheses_stand_where_they_are_needed);
    tcase_add_test(c, parentheses_that_warnings_ask_for);
    tcase_add_test(c, integers_fold_and_floats_do_not);
    tcase_add_test(c, floats_are_the_shortest_that_read_back);
    tcase_add_test(c, statements_read_like_c);
    tcase_add_test(c, what_is_added_while_a_function_is_built_stands_above_it);
    tcase_add_test(c, locals_keep_clear_of_types);
    tcase_add_test(c, lines_are_at_most_120_columns);
    tcase_add_test(c, comments_hold_anything);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
