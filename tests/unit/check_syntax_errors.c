/* check_syntax_errors: what is wrong in a text, and where. How messages look as a whole is tests/diagnostics' matter. */
#define _POSIX_C_SOURCE 200809L

#include "parsed.h"

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

static size_t count_of(const char *in, const char *what)
{
    size_t count = 0;
    for (const char *at = in; (at = strstr(at, what)); at += strlen(what)) count++;
    return count;
}

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
    Suite *suite = suite_create("syntax errors");
    TCase *c = tcase_create("syntax errors");
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, literal_errors);
    tcase_add_test(c, encoding_errors);
    tcase_add_test(c, every_statement_that_is_wrong_is_reported);
    tcase_add_test(c, brackets_are_put_in);
    tcase_add_test(c, words_and_places);
    tcase_add_test(c, nesting_is_limited);
    tcase_add_test(c, chains_are_no_nesting);
    tcase_add_test(c, nested_blocks_and_lone_brackets);
    tcase_add_test(c, a_model_cut_anywhere);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
