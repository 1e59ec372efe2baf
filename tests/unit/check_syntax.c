/* check_syntax: text -> AST. Trees are compared as ast_dump shows them, expressions as ast_print_expr does; spans and
 * errors are looked up by the characters under them. How messages look as a whole is tests/diagnostics' matter. */
#define _POSIX_C_SOURCE 200809L

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/parse.h"

static arena *a;
static const source *parsed_source;
static diag_list *diags;

static void set_up(void) { a = arena_new(); }
static void tear_down(void) { arena_free(a); }

static ast_file *parse_bytes(const char *bytes, size_t size)
{
    parsed_source = source_from_text(a, "model.nn", bytes, size);
    diags = diag_list_new(a, parsed_source);
    ast_file *file = parse_file(a, parsed_source, diags);
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_eq(file->source, parsed_source);
    return file;
}

static ast_file *parse(const char *bytes)
{
    return parse_bytes(bytes, strlen(bytes));
}

/* What is reported, as shown to the user. */
static const char *shown(void)
{
    char *bytes = NULL;
    size_t size;
    FILE *to = open_memstream(&bytes, &size);
    diag_print(diags, to);
    fclose(to);
    const char *kept = arena_strdup(a, bytes);
    free(bytes);
    return kept;
}

static ast_file *parse_good(const char *bytes)
{
    ast_file *file = parse(bytes);
    ck_assert_msg(diag_error_count(diags) == 0 && diag_warning_count(diags) == 0, "%s", shown());
    ck_assert_ptr_nonnull(file->models);
    return file;
}

static const char *in_model(const char *statements)
{
    return arena_printf(a, "model m {\n%s\n}\n", statements);
}

static ast_stmt *good_stmt(const char *statement)
{
    ast_model *m = parse_good(in_model(statement))->models;
    ck_assert_ptr_nonnull(m->statements);
    ck_assert_ptr_null(m->statements->next);
    return m->statements;
}

static const char *dump(const ast_file *file)
{
    text t = text_new(a);
    ast_dump(file, &t);
    return text_string(&t);
}

static void check_dump(const char *statements, const char *expected)
{
    const char *got = dump(parse_good(in_model(statements)));
    ck_assert_str_eq(got, arena_printf(a, "model m\n%s", expected));
}

static void check_span(span where, const char *expected)
{
    ck_assert_uint_le(where.begin, where.end);
    ck_assert_uint_le(where.end, parsed_source->size);
    ck_assert_str_eq(arena_strndup(a, parsed_source->text + where.begin, where.end - where.begin), expected);
}

static size_t count_of(const char *in, const char *what)
{
    size_t count = 0;
    for (const char *at = in; (at = strstr(at, what)); at += strlen(what)) count++;
    return count;
}

/* One error, at line:column, whose message and hints have this text in them. */
static void check_error(const char *bytes, size_t line, size_t column, const char *part)
{
    parse(bytes);
    const char *out = shown();
    ck_assert_msg(diag_error_count(diags) == 1, "%zu errors for\n%s\n%s", diag_error_count(diags), bytes, out);
    const char *place = arena_printf(a, "model.nn:%zu:%zu: error: ", line, column);
    ck_assert_msg(strncmp(out, place, strlen(place)) == 0, "expected %s, found\n%s", place, out);
    ck_assert_msg(strstr(out, part) != NULL, "expected %s, found\n%s", part, out);
}

static void check_stmt_error(const char *statement, size_t column, const char *part)
{
    check_error(in_model(statement), 2, column, part);
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
    check_expr("True", "true");
    check_expr("x[..., 0]", "x[..., 0]");
    check_expr("x[:, None]", "x[:, none]");
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

/* ---- what is wrong ---- */

START_TEST(literal_errors)
{
    check_stmt_error("y = 9223372036854775808", 5, "larger than 9223372036854775807");
    check_stmt_error("y = 1e309", 5, "too large");
    check_stmt_error("y = 007", 5, "must not begin with 0");
    check_stmt_error("y = 0x1F", 5, "decimal");
    check_stmt_error("y = 1__0", 5, "neither a number nor a name");
    check_stmt_error("y = 1_", 5, "neither a number nor a name");
    check_stmt_error("y = 12abc", 5, "neither a number nor a name");
    check_stmt_error("y = 1.5f", 5, "neither a number nor a name");
    check_stmt_error("y = 'abc", 5, "does not end");
    check_stmt_error("y = \"abc\\\"", 5, "does not end");
    check_stmt_error("y = 'a\\qb'", 7, "escape");
    check_stmt_error("y = 'a\\x00b'", 7, "escape");
    check_stmt_error("y = 'a\\xe9'", 7, "escape");
    check_stmt_error("y = '''a\nb'''", 5, "several lines");
    check_stmt_error("gr\xC3\xB6\xC3\x9F" "e = 1", 1, "ASCII");
    check_stmt_error("y = \xE2\x80\x9C" "a\xE2\x80\x9D", 5, "typographic quote");
    check_stmt_error("y = \xC2\xA0" "1", 5, "no-break space");
    check_stmt_error("y = a ? b", 7, "unexpected '?'");
}
END_TEST

START_TEST(encoding_errors)
{
    parse_bytes("model m {\n dim T\0= 4\n}", 22);
    ck_assert_uint_eq(diag_error_count(diags), 1);
    ck_assert_ptr_nonnull(strstr(shown(), "model.nn:2:7: error: a 0 byte"));
    check_error("model m {\n # \xFF\xFE\n y = 1\n # \xC0\x80\n}", 2, 4, "UTF-8");
    check_error("model m {\n \xFFx = 1\n}", 2, 2, "UTF-8");
    check_error("model m {\n y = '\xED\xA0\x80'\n}", 2, 7, "UTF-8");
    parse("model m {\n # \xFF\n y = = 1\n}");
    ck_assert_uint_eq(diag_error_count(diags), 2);
    parse_good("\xEF\xBB\xBFmodel m {\n}");
}
END_TEST

START_TEST(every_statement_that_is_wrong_is_reported)
{
    ast_file *file = parse("model a {\n dim T = \n dim T = 4\n y = f(1 2)\n z = x[0\n w = (1 + \n input q: int32[2]\n"
                           " layer = 3\n return y\n v = 1 +* 2\n output good\n}\nmodel b {\n u = )\n output good\n}\n");
    const char *out = shown();
    for (size_t line = 2; line <= 15; line++) {
        bool wrong = line == 2 || (line >= 4 && line <= 6) || (line >= 8 && line <= 10) || line == 14;
        size_t count = count_of(out, arena_printf(a, "model.nn:%zu:", line));
        size_t notes = line == 5 || line == 6; /* at the bracket that was left open */
        ck_assert_msg(count == wrong + notes, "line %zu: %zu\n%s", line, count, out);
    }
    /* What is right is kept. */
    const char *tree_text = dump(file);
    ck_assert_ptr_nonnull(strstr(tree_text, "  dim T\n    integer 4\n"));
    ck_assert_ptr_nonnull(strstr(tree_text, "  input q\n"));
    ck_assert_uint_eq(count_of(tree_text, "  outputs\n    to good\n"), 2);
    ck_assert_uint_eq(count_of(tree_text, "model "), 2);
}
END_TEST

START_TEST(brackets_are_put_in)
{
    ast_file *file = parse("model m {\n y = f((x\n z = x[1\n w = (x[0)\n output v = (1");
    ck_assert_str_eq(dump(file), "model m\n"
                                 "  bind\n    to y\n    call f\n      name x\n"
                                 "  bind\n    to z\n    index\n      name x\n      integer 1\n"
                                 "  bind\n    to w\n    index\n      name x\n      integer 0\n"
                                 "  output v\n    integer 1\n");
    ck_assert_uint_eq(diag_error_count(diags), 5);
    ck_assert_uint_eq(count_of(shown(), "note: it closes this"), 5);
    check_error("model m {\n y = f(x\n z = 1\n}", 2, 9, "expected ')' before the end of the line");
    check_error("model m {\n y = f(x)\n", 2, 10, "expected '}' before the end of the file");
    check_error("model m {\n y = 1\nmodel n {\n}\n", 3, 1, "expected '}' before the next model");
    check_error("model m {\n y = f(x }\n", 2, 9, "expected ')' before '}'");
    check_error("model m {\n}\n}\n", 3, 1, "closes nothing");
    check_stmt_error("y = f(x))", 9, "closes nothing");
    check_stmt_error("y = x]", 6, "closes nothing");
    /* A comma or a bracket is missing: the indentation tells. */
    check_error("model m {\n  y = f(a,\n     b\n     c)\n  z = 1\n}", 4, 6,
                "expected '=', ',', ')' or an operator, found 'c'");
    check_error("model m {\n  y = f(a,\n     b\n  c = 1\n}", 3, 7, "expected ')' before the end of the line");
    check_error("model m {\n  y = f(a,\n  input c: int32[2]\n}", 2, 11, "expected ')' before the end of the line");
}
END_TEST

START_TEST(words_and_places)
{
    check_stmt_error("output = x", 1, "'output' begins a statement");
    check_stmt_error("input, h = f(x)", 1, "'input' begins a statement");
    check_stmt_error("weights = 'a'", 1, "weights \"FILE\" has no '='");
    static const char *const reserved[] = {"import", "fn", "if"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        check_stmt_error(reserved[i], 1, "reserved for later");
        check_stmt_error(arena_printf(a, "%s = 1", reserved[i]), 1, "reserved for later");
        check_stmt_error(arena_printf(a, "%s x(1, [2]) {\n y = 1\n}", reserved[i]), 1, "reserved for later");
        check_error(arena_printf(a, "%s x\nmodel m {\n}", reserved[i]), 1, 1, "reserved for later");
        /* Elsewhere they are names. */
        good_stmt(arena_printf(a, "y = f(%s, %s=1)", reserved[i], reserved[i]));
    }
    /* words only where a name follows */
    static const char *const words[] = {"target", "loss", "train", "collect"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        good_stmt(arena_printf(a, "%s = f(%s, %s=1)", words[i], words[i], words[i]));
        check_stmt_error(arena_printf(a, "%s x x", words[i]), strlen(words[i]) + 4, "expected");
    }
    good_stmt("target y: int32[3]");
    good_stmt("loss l = f(y)");
    good_stmt("train SGD(lr=0.1, params=(\"a.*\", \"b\"))");
    check_stmt_error("return x", 1, "output NAME = EXPR");
    check_stmt_error("def forward(self, x):", 1, "model NAME");
    check_error("import torch\nmodel m {\n}", 1, 1, "nothing needs to be imported");
    check_error("from torch import nn\nmodel m {\n}", 1, 1, "nothing needs to be imported");
    check_stmt_error("y = self.lstm(x)", 5, "write lstm");
    check_stmt_error("y = f(x).view(1, -1)", 9, "view(x, T, -1)");
    check_stmt_error("y = a < b <= c", 11, "not chained");
    check_stmt_error("y += 1", 3, "x = x + ");
    check_error("dim T = 4\noutput x\nmodel m {\n}", 1, 1, "outside of a model");
    check_error("", 1, 1, "no model");
    check_error("# only\n\n", 1, 1, "no model");
    check_stmt_error("layer 0 = Linear(1, 1)", 7, "from \"0\"");
    check_stmt_error("dim a.b = 1", 5, "only a layer's can");
    check_stmt_error("a.b = 1", 1, "only a layer's can");
    check_stmt_error("input a.b: int32[1]", 7, "only a layer's can");
    check_stmt_error("state a.b: int32[1]", 7, "only a layer's can");
    check_stmt_error("param a.b: int32[1]", 7, "only a layer's can");
    check_stmt_error("output a.b", 8, "only a layer's can");
    check_stmt_error("y = f(a.b=1)", 7, "only a layer's can");
    check_stmt_error("y = f(a=1, 2)", 12, "behind a keyword argument");
    check_stmt_error("y = f(a=1, b=2, a=3)", 17, "a is given twice");
    check_stmt_error("lstm(x)", 5, "NAME = lstm(");
    check_stmt_error("x[0] = 1", 2, "in place");
}
END_TEST

/* "y = " and then `head` and `tail` n times each around x. */
static ast_file *parse_nested(const char *head, const char *tail, size_t n)
{
    text t = text_new(a);
    text_add(&t, "model m {\ny = ");
    for (size_t i = 0; i < n; i++) text_add(&t, head);
    text_add(&t, "x");
    for (size_t i = 0; i < n; i++) text_add(&t, tail);
    text_add(&t, "\nz = 1 1\noutput x\n}\n");
    return parse(text_string(&t));
}

START_TEST(nesting_is_limited)
{
    static const char *const rows[][2] = {{"(", ")"}, {"[", "]"},  {"f(", ")"},   {"x[", "]"},  {"", "[0]"}, {"-", ""},
                                          {"", "**x"}, {"2**-", ""},  {"f(-(", "))"}, {"{", "}"}, {"f(a=[", "])"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ast_file *file = parse_nested(rows[i][0], rows[i][1], 20);
        size_t brace = rows[i][0][0] == '{'; /* wrong at any depth */
        ck_assert_msg(diag_error_count(diags) == 1 + brace, "%s", shown());
        file = parse_nested(rows[i][0], rows[i][1], 10000);
        const char *out = shown();
        ck_assert_msg(diag_error_count(diags) == 2, "%s %s: %.2000s", rows[i][0], rows[i][1], out);
        ck_assert_msg(brace || count_of(out, "nested more than 200 deep") == 1, "%s %s: %.2000s", rows[i][0],
                      rows[i][1], out);
        ck_assert_uint_eq(count_of(out, "model.nn:3:7: error"), 1);
        for (const ast_stmt *s = file->models->statements; s; s = s->next)
            if (s->value) ck_assert_uint_le(s->value->depth, AST_MAX_DEPTH);
        ck_assert_uint_eq(count_of(dump(file), "outputs\n    to x\n"), 1);
    }
}
END_TEST

START_TEST(chains_are_no_nesting)
{
    static const char *const links[] = {"+x", "-x", " * x[0]", " + 2 * x"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        ast_file *file = parse_nested("", links[i], AST_MAX_CHAIN - 1);
        ck_assert_msg(diag_error_count(diags) == 1, "%.2000s", shown()); /* that of parse_nested's last line */
        ck_assert_uint_le(file->models->statements->value->depth, 5);
        parse_nested("", links[i], AST_MAX_CHAIN + 1000);
        ck_assert_uint_eq(count_of(shown(), "more than 10000 operators stand in a row"), 1);
        ck_assert_uint_eq(diag_error_count(diags), 2);
    }
}
END_TEST

START_TEST(nested_blocks_and_lone_brackets)
{
    static const char *const rows[] = {"if {\n", "(", "[", "{", "}", ")", "model m {\n",
                                       "a, (",   "'", "\"\"\"", "x = f(\n"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        text t = text_new(a);
        for (size_t n = 0; n < 10000; n++) text_add(&t, rows[i]);
        parse(text_string(&t));
        ck_assert_uint_ge(diag_error_count(diags), 1);
    }
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

START_TEST(a_model_cut_anywhere)
{
    const char *whole = "model tagger {\n    dim T = 1..128\n    weights \"tagger.safetensors\"\n"
                        "    input sentence: int32[T]\n    state h: float32[2, 3] = -h0 ** 2\n"
                        "    param h0: float32[2, 3] from 'a.b'\n    layer l.0 = LSTM(6, 6, bias=true) from \"l\"\n"
                        "    out, (_, c) = l.0(view(sentence, T, [1, -1]), lengths=n)\n"
                        "    output tags: float32[T, 3] = f(out)[..., ::2]\n    output c, out\n}\n";
    parse_good(whole);
    size_t size = strlen(whole);
    for (size_t cut = 0; cut < size - 1; cut++) {
        parse_bytes(whole, cut);
        ck_assert_msg(diag_error_count(diags) >= (cut < size - 2), "cut at %zu", cut);
        shown();
        parse_bytes(whole + cut, size - cut);
        shown();
    }
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
    tcase_add_test(c, literal_errors);
    tcase_add_test(c, encoding_errors);
    tcase_add_test(c, every_statement_that_is_wrong_is_reported);
    tcase_add_test(c, brackets_are_put_in);
    tcase_add_test(c, words_and_places);
    tcase_add_test(c, nesting_is_limited);
    tcase_add_test(c, chains_are_no_nesting);
    tcase_add_test(c, nested_blocks_and_lone_brackets);
    tcase_add_test(c, depth_counts_levels);
    tcase_add_test(c, a_model_cut_anywhere);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
