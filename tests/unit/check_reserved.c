/* check_reserved: names that a generated file must not take, by the rules of C and C++ or since its own interface has
 * them, and names that it may. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ctree/reserved.h"
#include "emit/emit.h"
#include "lower/lower.h"
#include "syntax/parse.h"

static const char *const reserved[] = {
    "int", "restrict", "_Bool", "class", "namespace", "alignas", "size_t", "int32_t", "memset", "NULL",
    "EOF", "INT32_MAX", "_X", "_Tagger", "__x", "a__b", "x__", "nnc_v4", "nnc_x", "NNC_OK", "NNC_X",
};
static const char *const free_names[] = {"x", "X", "_x", "_1", "a_b", "a_b_c", "nncx", "NNCX", "xnnc_", "Int", "sqrt2", "tagger", "T"};

START_TEST(reserved_names)
{
    ck_assert_msg(c_is_reserved(reserved[_i]), "%s", reserved[_i]);
}
END_TEST

START_TEST(others)
{
    ck_assert_msg(!c_is_reserved(free_names[_i]), "%s", free_names[_i]);
}
END_TEST

/* A parameter may not hide what its own function or another model's is called: it gets an underscore; others do not. */
START_TEST(parameters)
{
    static const char file[] = "model tag {\n"
                               "    input tag_run: float32[2]\n"
                               "    input other_reset: float32[2]\n"
                               "    input tag_running: float32[2]\n"
                               "    input ag: float32[2]\n"
                               "    input int: float32[2]\n"
                               "    output other = tag_run + other_reset + tag_running + ag + int\n"
                               "}\n"
                               "model other {\n    input tag: float32[2]\n    output y = tag + 1\n}\n";
    arena *a = arena_new();
    source *s = source_from_text(a, "m.nn", file, sizeof file - 1);
    diag_list *diags = diag_list_new(a, s);
    lowered_file f = lower_file(a, parse_file(a, s, diags), diags);
    ck_assert_uint_eq(diag_error_count(diags), 0);
    const emit_api *tag = emit_apis(a, f.models, f.count, false)[0], *other = emit_apis(a, f.models, f.count, false)[1];
    static const char *const names[] = {"tag_run_", "other_reset_", "tag_running", "ag", "int_"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) ck_assert_str_eq(tag->inputs[i], names[i]);
    ck_assert_str_eq(tag->outputs[0], "other_");
    ck_assert_str_eq(other->inputs[0], "tag_");
    ck_assert_str_eq(tag->upper, "TAG");
    arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("reserved names");
    TCase *t = tcase_create("names");
    tcase_add_loop_test(t, reserved_names, 0, sizeof reserved / sizeof *reserved);
    tcase_add_loop_test(t, others, 0, sizeof free_names / sizeof *free_names);
    tcase_add_test(t, parameters);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
