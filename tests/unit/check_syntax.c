/* check_syntax: text -> AST. Trees are compared as ast_dump shows them, expressions as ast_print_expr does. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>

#include "parsed.h"

static void check_span(span where, const char *expected)
{
    ck_assert_uint_le(where.begin, where.end);
    ck_assert_uint_le(where.end, parsed_source->size);
    ck_assert_str_eq(arena_strndup(a, parsed_source->text + where.begin, where.end - where.begin), expected);
}

static void check_dump(const char *statements, const char *expected)
{
    const char *got = dump(parse_good(in_model(statements)));
    ck_assert_str_eq(got, arena_printf(a, "model m\n%s", expected));
}

/* ---- statements ---- */

START_TEST(statement_dim)
{
    check_dump("dim T = 1..128\ndim H = 64\ndim K = H//2 .. 2*T + 1",
               "  dim T\n    from\n      integer 1\n    to\n      integer 128\n"
               "  dim H\n    integer 64\n"
               "  dim K\n    from\n      //\n        name H\n        integer 2\n"
               "    to\n      +\n        *\n          integer 2\n          name T\n        integer 1\n");
    ast_stmt *s = good_stmt("  dim T = 1..128  # steps");
    ck_assert_int_eq(s->kind, AST_DIM);
    check_span(s->where, "dim T = 1..128");
    check_span(s->name.where, "T");
    check_span(s->lower->where, "1");
    check_span(s->upper->where, "128");
    s = good_stmt("dim H = 64");
    ck_assert_int_eq(s->lower->integer, 64);
    ck_assert_ptr_null(s->upper);
}
END_TEST

START_TEST(statement_weights)
{
    ast_stmt *s = good_stmt("weights 'a \"b\"/c.safetensors'");
    ck_assert_int_eq(s->kind, AST_WEIGHTS);
    ck_assert_str_eq(s->string, "a \"b\"/c.safetensors");
    check_span(s->string_where, "'a \"b\"/c.safetensors'");
    check_dump("weights 'a \"b\"'", "  weights \"a \\\"b\\\"\"\n");
}
END_TEST

START_TEST(statement_input)
{
    check_dump("input x: float32[T, 2*H, 3,]\ninput n: int32[]",
               "  input x\n    type float32\n      name T\n      *\n        integer 2\n        name H\n"
               "      integer 3\n"
               "  input n\n    type int32\n");
    ast_stmt *s = good_stmt("input x: float32[T, 3]");
    check_span(s->where, "input x: float32[T, 3]");
    check_span(s->type->where, "float32[T, 3]");
    check_span(s->type->element.where, "float32");
    check_span(s->type->dims->next->where, "3");
}
END_TEST

START_TEST(statement_state)
{
    check_dump("state h: float32[2, 5]\nstate c: float32[5] = 0.5 * c0",
               "  state h\n    type float32\n      integer 2\n      integer 5\n"
               "  state c\n    type float32\n      integer 5\n    *\n      real 0.5\n      name c0\n");
}
END_TEST

START_TEST(statement_param)
{
    check_dump("param w: float32[5]\nparam v: float32[5] from \"a.b\"",
               "  param w\n    type float32\n      integer 5\n"
               "  param v\n    type float32\n      integer 5\n    from \"a.b\"\n");
    check_span(good_stmt("param v: float32[5] from \"a.b\"")->string_where, "\"a.b\"");
    ck_assert_ptr_null(good_stmt("param v: float32[5]")->string);
}
END_TEST

START_TEST(statement_layer)
{
    check_dump("layer model.layers.0 = nn.LSTM(6, 6, bias=False, dropout=none,) from 'enc'",
               "  layer model.layers.0\n    call nn.LSTM\n      integer 6\n      integer 6\n"
               "      argument bias\n        false\n      argument dropout\n        none\n    from \"enc\"\n");
    ast_stmt *s = good_stmt("layer fc = Linear(6, bias=true)");
    check_span(s->where, "layer fc = Linear(6, bias=true)");
    check_span(s->value->where, "Linear(6, bias=true)");
    check_span(s->value->name.where, "Linear");
    ast_argument *bias = s->value->arguments->next;
    check_span(bias->where, "bias=true");
    check_span(bias->name.where, "bias");
    ck_assert_ptr_null(s->value->arguments->name.text);
    /* Parts of a dotted name may be words of the language. */
    ck_assert_str_eq(good_stmt("layer input.layer.from = Linear(1, 1)")->name.text, "input.layer.from");
    ck_assert_str_eq(good_stmt("layer from = Linear(1, 1) from \"from\"")->name.text, "from");
}
END_TEST

START_TEST(statement_bind)
{
    check_dump("a = x\na, _ = x\na, (b, (c, _)), d = x\nspace: float32[T, 3] = x\na: int32[2], b = x",
               "  bind\n    to a\n    name x\n"
               "  bind\n    to a\n    to _\n    name x\n"
               "  bind\n    to a\n    to a tuple\n      to b\n      to a tuple\n        to c\n        to _\n    to d\n"
               "    name x\n"
               "  bind\n    to space\n      type float32\n        name T\n        integer 3\n    name x\n"
               "  bind\n    to a\n      type int32\n        integer 2\n    to b\n    name x\n");
    /* Parentheses around all of it change nothing, as in Python; one comma makes a tuple of one. */
    check_dump("(a, b) = x\n(a) = x\n(a, (b)) = x\na, = x\n(a,) = x\na, b, = x",
               "  bind\n    to a\n    to b\n    name x\n"
               "  bind\n    to a\n    name x\n"
               "  bind\n    to a\n    to b\n    name x\n"
               "  bind\n    to a tuple\n      to a\n    name x\n"
               "  bind\n    to a tuple\n      to a\n    name x\n"
               "  bind\n    to a\n    to b\n    name x\n");
    ast_stmt *s = good_stmt("out, (h, c) = lstm(x)");
    check_span(s->where, "out, (h, c) = lstm(x)");
    check_span(s->pattern->where, "out");
    check_span(s->pattern->next->where, "(h, c)");
    check_span(s->pattern->next->items->next->name.where, "c");
}
END_TEST

START_TEST(statement_output)
{
    check_dump("output y = x\noutput p: float32[3] = x\noutput a, b\noutput a\noutput a, b,",
               "  output y\n    name x\n"
               "  output p\n    type float32\n      integer 3\n    name x\n"
               "  outputs\n    to a\n    to b\n"
               "  outputs\n    to a\n"
               "  outputs\n    to a\n    to b\n");
    check_span(good_stmt("output y = x")->where, "output y = x");
    check_span(good_stmt("output a, b")->pattern->next->where, "b");
}
END_TEST

START_TEST(words_are_names_elsewhere)
{
    check_dump("input input: float32[5]\nparam output: float32[5]\nx, output = f(input, dim=1, layer=state)\n"
               "output model = input + from\noutput output, weights",
               "  input input\n    type float32\n      integer 5\n"
               "  param output\n    type float32\n      integer 5\n"
               "  bind\n    to x\n    to output\n    call f\n      name input\n      argument dim\n        integer 1\n"
               "      argument layer\n        name state\n"
               "  output model\n    +\n      name input\n      name from\n"
               "  outputs\n    to output\n    to weights\n");
    /* In brackets nothing begins a statement. */
    check_dump("x = f(a,\noutput\n, dim\n=1)", "  bind\n    to x\n    call f\n      name a\n      name output\n"
                                                  "      argument dim\n        integer 1\n");
    /* Words of Python are names like any other. */
    check_dump("print = x\npass, _ = x\nfor: float32[1] = x",
               "  bind\n    to print\n    name x\n  bind\n    to pass\n    to _\n    name x\n"
               "  bind\n    to for\n      type float32\n        integer 1\n    name x\n");
}
END_TEST

START_TEST(several_models)
{
    const char *bytes = "# one\nmodel a { output y = 1 }\n\nmodel b\n{\n}model c{dim T=4\r\n}";
    ast_file *file = parse_good(bytes);
    ck_assert_str_eq(dump(file), "model a\n  output y\n    integer 1\nmodel b\nmodel c\n  dim T\n    integer 4\n");
    check_span(file->models->where, "model a { output y = 1 }");
    check_span(file->models->next->next->name.where, "c");
    ck_assert_ptr_null(file->models->next->next->next);
}
END_TEST

START_TEST(lines_and_comments)
{
    check_dump("# nothing\n\n  x = f( # a\n\n  1,   # b\n\n  2)[0,\n 1] # c\n\t y = x\n#",
               "  bind\n    to x\n    index\n      call f\n        integer 1\n        integer 2\n      integer 0\n"
               "      integer 1\n  bind\n    to y\n    name x\n");
    check_dump("x = 1\r\ny = (2,\r\n3)\r\n", "  bind\n    to x\n    integer 1\n"
                                             "  bind\n    to y\n    tuple\n      integer 2\n      integer 3\n");
    check_dump("x = '# no comment' # \xC3\xB6", "  bind\n    to x\n    string \"# no comment\"\n");
}
END_TEST

/* ---- expressions ---- */

static ast_expr *good_expr(const char *expression)
{
    return good_stmt(arena_printf(a, "y = %s", expression))->value;
}

/* Printed with its own parentheses, an expression shows how it was read. */
static void check_expr(const char *expression, const char *expected)
{
    text t = text_new(a);
    ast_print_expr(good_expr(expression), &t);
    ck_assert_str_eq(text_string(&t), expected);
    text again = text_new(a);
    ast_print_expr(good_expr(text_string(&t)), &again);
    ck_assert_str_eq(text_string(&again), expected);
}

/* Fully parenthesised, independently of ast_print_expr. */
static const char *tree(const ast_expr *e)
{
    if (e->kind == AST_NAME) return e->name.text;
    if (e->kind == AST_INTEGER) return arena_printf(a, "%lld", (long long)e->integer);
    if (e->kind == AST_NEGATE) return arena_printf(a, "(-%s)", tree(e->operand));
    if (e->kind == AST_INVERT) return arena_printf(a, "(~%s)", tree(e->operand));
    if (e->kind == AST_INDEX) return arena_printf(a, "(%s[%s])", tree(e->operand), tree(e->items));
    ck_assert_int_eq(e->kind, AST_BINARY);
    check_span(e->op_where, ast_operator_text(e->op));
    return arena_printf(a, "(%s%s%s)", tree(e->left), ast_operator_text(e->op), tree(e->right));
}

/* As Python's ast module groups them. */
START_TEST(precedence_is_that_of_python)
{
    static const char *const rows[][2] = {
        {"a+b+c", "((a+b)+c)"},       {"a-b-c", "((a-b)-c)"},         {"a+b*c", "(a+(b*c))"},
        {"a*b+c", "((a*b)+c)"},       {"a/b*c//d", "(((a/b)*c)//d)"}, {"a**b**c", "(a**(b**c))"},
        {"-a**b", "(-(a**b))"},       {"a**-b", "(a**(-b))"},         {"a**-b*c", "((a**(-b))*c)"},
        {"-a*b", "((-a)*b)"},         {"a*-b", "(a*(-b))"},           {"--a", "(-(-a))"},
        {"-x[0]", "(-(x[0]))"},       {"a**x[0]", "(a**(x[0]))"},     {"a**x[0]**b", "(a**((x[0])**b))"},
        {"a-(b-c)", "(a-(b-c))"},     {"(a+b)*c", "((a+b)*c)"},       {"(-a)**b", "((-a)**b)"},
        {"x[0][1]", "((x[0])[1])"},   {"(a+b)[0]", "((a+b)[0])"},     {"2**-3**4", "(2**(-(3**4)))"},
        {"a - -b", "(a-(-b))"},       {"a//b/c", "((a//b)/c)"},       {"-a+b", "((-a)+b)"},
        {"a<b|c&d", "(a<(b|(c&d)))"}, {"a&b+c", "(a&(b+c))"},         {"~a&b", "((~a)&b)"},
        {"~a**b", "(~(a**b))"},       {"-~a", "(-(~a))"},             {"a@b*c%d", "(((a@b)*c)%d)"},
        {"-a@b", "((-a)@b)"},         {"a+b>c-d", "((a+b)>(c-d))"},   {"a|b==c|d", "((a|b)==(c|d))"},
        {"(a<b)==(c!=d)", "((a<b)==(c!=d))"},
        {"(a<=b)>=c", "((a<=b)>=c)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_str_eq(tree(good_expr(rows[i][0])), rows[i][1]);
        /* Printed and read again, it is the same tree. */
        text t = text_new(a);
        ast_print_expr(good_expr(rows[i][0]), &t);
        ck_assert_str_eq(tree(good_expr(text_string(&t))), rows[i][1]);
    }
}
END_TEST

START_TEST(expressions_print_as_source)
{
    check_expr("(a+b)*c - (d-(e-f))", "(a + b) * c - (d - (e - f))");
    check_expr("(a**b)**c", "(a ** b) ** c");
    check_expr("(-a)**-b", "(-a) ** -b");
    check_expr("-(a+b)", "-(a + b)");
    check_expr("(a+b)[0]", "(a + b)[0]");
    check_expr("()", "()");
    check_expr("[]", "()");
    check_expr("(a)", "a");
    check_expr("(a,)", "(a,)");
    check_expr("[a]", "(a,)");
    check_expr("[a, [b, c],]", "(a, (b, c))");
    check_expr("((a, b), c)", "((a, b), c)");
    check_expr("f()", "f()");
    check_expr("f(a, k=(1, 2), mode='reflect',)", "f(a, k=(1, 2), mode=\"reflect\")");
    check_expr("F.pad(x, [0, 64])", "F.pad(x, (0, 64))");
    check_expr("True", "True");
    check_expr("x[..., 0]", "x[..., 0]");
    check_expr("x[:, None]", "x[:, None]");
    check_expr("x[::2]", "x[::2]");
    check_expr("x[1:]", "x[1:]");
    check_expr("x[:-1, a:b:c, ::]", "x[:-1, a:b:c, :]");
    check_expr("x[-1,]", "x[-1]");
    check_expr("lstm(x)[0][1]", "lstm(x)[0][1]");
}
END_TEST

START_TEST(spans_of_expressions)
{
    ast_expr *e = good_expr("f(a, k = (1, 2)) + -x[0, 1:T] * (b + c)");
    check_span(e->where, "f(a, k = (1, 2)) + -x[0, 1:T] * (b + c)");
    check_span(e->op_where, "+");
    check_span(e->left->where, "f(a, k = (1, 2))");
    check_span(e->left->name.where, "f");
    check_span(e->left->arguments->where, "a");
    check_span(e->left->arguments->next->where, "k = (1, 2)");
    check_span(e->left->arguments->next->value->where, "(1, 2)");
    check_span(e->right->where, "-x[0, 1:T] * (b + c)");
    check_span(e->right->left->where, "-x[0, 1:T]");
    check_span(e->right->left->operand->where, "x[0, 1:T]");
    check_span(e->right->left->operand->items->next->where, "1:T");
}
END_TEST

START_TEST(numbers)
{
    ck_assert_int_eq(good_expr("0")->integer, 0);
    ck_assert_int_eq(good_expr("00")->integer, 0);
    ck_assert_int_eq(good_expr("1_000_000")->integer, 1000000);
    ck_assert(good_expr("9223372036854775807")->integer == INT64_MAX);
    static const struct {
        const char *written;
        double value;
    } rows[] = {{"1e-7", 1e-7}, {".5", 0.5},   {"1.", 1.0},     {"1.5", 1.5},          {"1E+3", 1000.0},
                {"1_0.2_5e1_0", 10.25e10}, {"0.1", 0.1},   {"5.e2", 500}, {"007.5", 7.5},
                {"1e-400", 0.0}, {"inf", (double)INFINITY}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ast_expr *e = good_expr(rows[i].written);
        ck_assert_int_eq(e->kind, AST_REAL);
        ck_assert_msg(e->real >= rows[i].value && e->real <= rows[i].value, "%s", rows[i].written);
    }
    check_expr("1e-7", "1e-07");
    check_expr("0.1", "0.1");
    check_expr("3.", "3.0");
    check_expr("-inf", "-inf");
    check_expr("0.30000000000000004", "0.30000000000000004");
    ast_stmt *s = good_stmt("dim T = 1 ..128");
    ck_assert_int_eq(s->lower->integer, 1);
    ck_assert_int_eq(s->upper->integer, 128);
}
END_TEST

START_TEST(strings)
{
    ck_assert_str_eq(good_expr("'a\"b'")->string, "a\"b");
    ck_assert_str_eq(good_expr("\"\"")->string, "");
    ck_assert_str_eq(good_expr("'\\\\ \\' \\\" \\n\\t\\r \\x41'")->string, "\\ ' \" \n\t\r A");
    ck_assert_str_eq(good_expr("'gr\xC3\xB6\xC3\x9F" "e'")->string, "gr\xC3\xB6\xC3\x9F" "e");
    check_expr("'a\\n\\x01\"'", "\"a\\n\\x01\\\"\"");
}
END_TEST

START_TEST(depth_counts_levels)
{
    ck_assert_uint_eq(good_expr("x")->depth, 1);
    ck_assert_uint_eq(good_expr("(((x)))")->depth, 1);
    ck_assert_uint_eq(good_expr("a + b + c")->depth, 2);
    ck_assert_uint_eq(good_expr("a + b * c - d")->depth, 3);
    ck_assert_uint_eq(good_expr("a + b + c")->chain, 2);
    ck_assert_uint_eq(good_expr("f(a, k=-b)")->depth, 3);
    ck_assert_uint_eq(good_expr("x[0, a:-b]")->depth, 4);
    ck_assert_uint_eq(good_expr("(a, (b, (c,)))")->depth, 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("syntax");
    TCase *c = tcase_create("syntax");
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, statement_dim);
    tcase_add_test(c, statement_weights);
    tcase_add_test(c, statement_input);
    tcase_add_test(c, statement_state);
    tcase_add_test(c, statement_param);
    tcase_add_test(c, statement_layer);
    tcase_add_test(c, statement_bind);
    tcase_add_test(c, statement_output);
    tcase_add_test(c, words_are_names_elsewhere);
    tcase_add_test(c, several_models);
    tcase_add_test(c, lines_and_comments);
    tcase_add_test(c, precedence_is_that_of_python);
    tcase_add_test(c, expressions_print_as_source);
    tcase_add_test(c, spans_of_expressions);
    tcase_add_test(c, numbers);
    tcase_add_test(c, strings);
    tcase_add_test(c, depth_counts_levels);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
