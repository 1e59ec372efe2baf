/* check_kernel: sizes, names and loops as the emitters write them. The sizes are compared with dim_evaluate by a C
 * compiler; merged loops with the addresses that the unmerged ones visit. */
#include "kernels/kernel.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernels/nest.h"

static arena *memory;
static dim_table *t;
static ir_model *m;
static plan p;
static emit_context e;

static void setup(void)
{
    memory = arena_new();
    t = dim_table_new(memory);
    m = ir_model_new(memory, t, "net", (span){0});
    p = (plan){.model = m, .dims = t};
    e = (emit_context){.arena = memory, .plan = &p, .unit = cunit_new(memory), .model = "net",
                       .file = emit_file_new(memory)};
    emit_begin_model(&e);
}

static void teardown(void)
{
    arena_free(memory);
}

/* A run-time dim that the model declares. */
static const dim *declare(const char *name, int64_t lo, int64_t hi)
{
    const dim *d = dim_symbol(t, name, lo, hi);
    ARENA_PUSH(memory, m->symbols, m->symbol_count, m->symbol_capacity, d);
    return d;
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

static const char *text_of(cexpr *expression)
{
    cunit *own = cunit_new(memory);
    cfunction *f = c_function(own, "int", "f", NULL);
    c_return(c_body(f), expression);
    c_function_end(f);
    char *line = strstr(printed(own), "return ") + 7;
    *strrchr(line, ';') = 0;
    return line;
}

START_TEST(symbols_keep_clear_of_locals)
{
    const dim *T = declare("T", 1, 9);
    ck_assert_str_eq(emit_symbol(&e, T), "T");
    ck_assert_str_eq(emit_symbol(&e, declare("n", 1, 9)), "dim_n");
    ck_assert_str_eq(emit_symbol(&e, declare("x", 1, 9)), "dim_x");
    ck_assert_str_eq(emit_symbol(&e, declare("SEQ_LEN", 1, 9)), "dim_SEQ_LEN");
    ck_assert_str_eq(emit_symbol(&e, declare("NULL", 1, 9)), "dim_NULL");
    ck_assert_str_eq(emit_symbol(&e, dim_symbol(t, "T.start.0", 1, 9)), "T_start");
    ck_assert_str_eq(emit_symbol(&e, dim_symbol(t, "T.count.1", 1, 9)), "T_count_1");
    ck_assert_str_eq(emit_symbol(&e, dim_symbol(t, "n.start.0", 1, 9)), "dim_n_start");
    ck_assert_str_eq(emit_symbol(&e, dim_symbol(t, "n.count.12", 1, 9)), "dim_n_count_12");
    /* whatever dims are called, two symbols never have one name */
    static const char *const names[] = {"T_start", "n_start", "n_start_", "T_count", "dim_n", "dim_n_start", "T_start_1",
                                        "n_start_1", "dim_T", "T.count.0", "n.count.0", "n_start.start.0", "T.start.1",
                                        "n.start.1", "n_start.count.1", "T_start.start.0", "dim_n.start.0"};
    const dim *all[32];
    size_t count = 0;
    all[count++] = T;
    all[count++] = m->symbols[1];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        all[count++] = strchr(names[i], '.') ? dim_symbol(t, names[i], 1, 9) : declare(names[i], 1, 9);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert_msg(strcmp(emit_symbol(&e, all[i]), emit_symbol(&e, all[k])) != 0, "%s and %s are both %s",
                          dim_symbol_name(all[i]), dim_symbol_name(all[k]), emit_symbol(&e, all[i]));
}
END_TEST

START_TEST(sizes_read_as_written)
{
    const dim *T = declare("T", 1, 100), *n = declare("n", 4, 8), *one = dim_const(t, 1);
    ck_assert_str_eq(text_of(emit_dim(&e, dim_const(t, 12))), "12");
    ck_assert_str_eq(text_of(emit_dim(&e, T)), "T");
    ck_assert_str_eq(text_of(emit_dim(&e, dim_add(t, dim_mul(t, T, dim_const(t, 2)), one))), "2 * T + 1");
    ck_assert_str_eq(text_of(emit_dim(&e, dim_mul(t, T, n))), "T * dim_n");
    ck_assert_str_eq(text_of(emit_dim(&e, dim_sub(t, n, one))), "dim_n - 1");
    ck_assert_str_eq(text_of(emit_dim(&e, dim_floordiv(t, T, 2))), "T / 2");
}
END_TEST

static int64_t value_of(void *context, const char *symbol)
{
    return ((const int64_t *)context)[symbol[0] == 'B'];
}

/* Every size for every value of its symbols, in size_t as kernels compute it. */
START_TEST(sizes_have_their_values)
{
    const dim *T = declare("T", 3, 12), *B = declare("B", 1, 4);
    const dim *sizes[40];
    size_t count = 0;
    for (int64_t by = 1; by < 5; by++) {
        const dim *shrunk = dim_add(t, dim_floordiv(t, dim_sub(t, T, dim_const(t, 3)), by), dim_const(t, 1));
        const dim *square = dim_sub(t, dim_mul(t, dim_mul(t, T, T), B), dim_mul(t, T, B));
        sizes[count++] = shrunk;
        sizes[count++] = dim_mul(t, shrunk, B);
        sizes[count++] = dim_sub(t, dim_mul(t, T, dim_const(t, 5)), dim_floordiv(t, dim_mul(t, T, dim_const(t, 3)), by));
        sizes[count++] = square;
        sizes[count++] = dim_floordiv(t, dim_add(t, square, dim_const(t, 7)), by + 1);
    }
    cunit *u = cunit_new(memory);
    c_top_line(u, "#include <stddef.h>");
    cfunction *f = c_function(u, "static int", "check", NULL);
    c_parameter(f, "size_t", "T");
    c_parameter(f, "size_t", "B");
    c_parameter(f, "const size_t *", "want");
    e.unit = u;
    for (size_t i = 0; i < count; i++) {
        cexpr *wanted = c_item(u, "want", c_int(u, (int64_t)i));
        c_return(c_if(c_body(f), c_binary(u, "!=", emit_dim(&e, sizes[i]), wanted)), c_int(u, (int64_t)i + 1));
    }
    c_return(c_body(f), c_int(u, 0));
    c_function_end(f);
    text code = text_new(memory);
    text_printf(&code, "%sint main(void) {\n    int wrong = 0;\n", printed(u));
    for (int64_t x = 3; x <= 12; x++)
        for (int64_t y = 1; y <= 4; y++) {
            int64_t values[] = {x, y};
            text_add(&code, "    { static const size_t want[] = {");
            for (size_t i = 0; i < count; i++)
                text_printf(&code, "%lld, ", (long long)dim_evaluate(sizes[i], value_of, values));
            text_printf(&code, "}; wrong |= check(%lld, %lld, want); }\n", (long long)x, (long long)y);
        }
    text_add(&code, "    return wrong;\n}\n");
    char folder[] = "/tmp/check_kernel_XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    FILE *to = fopen(arena_printf(memory, "%s/sizes.c", folder), "w");
    fputs(text_string(&code), to);
    fclose(to);
    const char *command = arena_printf(memory, "cd %s && cc -std=c99 -Wall -Wextra -Werror sizes.c -o sizes && ./sizes", folder);
    ck_assert_msg(system(command) == 0, "%s\n%s", command, text_string(&code));
    ck_assert_int_eq(system(arena_printf(memory, "rm -r %s", folder)), 0);
}
END_TEST

START_TEST(names_of_file_scope_are_unique_identifiers)
{
    ck_assert_str_eq(emit_name(&e, "%s", "lstm"), "net_lstm");
    ck_assert_str_ne(emit_name(&e, "%s", "lstm"), "net_lstm");
    ck_assert_str_eq(emit_name(&e, "%s", "a.b-c d"), "net_a_b_c_d");
    ck_assert_str_ne(emit_name(&e, "%s", "a_b.c.d"), "net_a_b_c_d");
    cexpr **first = emit_once(&e, "key %d", 1), **second = emit_once(&e, "key %d", 2);
    ck_assert_ptr_null(*first);
    *first = c_int(e.unit, 1);
    ck_assert_ptr_null(*second);
    ck_assert_ptr_eq(emit_once(&e, "key 1"), first);
    emit_begin_model(&e);
    ck_assert_ptr_ne(emit_once(&e, "key 1"), first);
}
END_TEST

START_TEST(a_param_is_one_table)
{
    static const float values[] = {1, 2.5f, -3, 4, 5, 6};
    ir_param param = {.key = "embed.weight", .data = values};
    param.type = (ir_type){.rank = 2, .dims = {dim_const(t, 2), dim_const(t, 3)}};
    ARENA_PUSH(memory, m->params, m->param_count, m->param_capacity, param);
    emit_begin_model(&e);
    ck_assert_ptr_eq(emit_param(&e, 0), emit_param(&e, 0));
    ck_assert_str_eq(printed(e.unit), "/* embed.weight [2, 3] */\n"
                                      "static const float net_embed_weight[6] = {\n"
                                      "    1.0f, 2.5f, -3.0f, 4.0f, 5.0f, 6.0f\n"
                                      "};\n\n");
}
END_TEST

/* --- nests --- */

static plan_view view_of(unsigned rank, const int64_t *dims, const int64_t *strides)
{
    plan_view v = {.offset = dim_const(t, 0)};
    v.type.rank = rank;
    for (unsigned i = 0; i < rank; i++) {
        v.type.dims[i] = dim_const(t, dims[i]);
        v.strides[i] = dim_const(t, strides[i]);
    }
    return v;
}

static int64_t constant(const dim *d)
{
    int64_t value = -1;
    ck_assert(dim_is_const(d, &value));
    return value;
}

/* How often a nest visits each pair of addresses, by its own dims and strides. */
static void visit(const nest *n, unsigned axis, int64_t a, int64_t b, int *pairs)
{
    if (axis == n->rank) {
        pairs[a * 64 + b]++;
        return;
    }
    for (int64_t i = 0; i < constant(n->dims[axis]); i++)
        visit(n, axis + 1, a + i * constant(n->strides[0][axis]), b + i * constant(n->strides[1][axis]), pairs);
}

static unsigned merged_rank(unsigned rank, const int64_t *dims, const int64_t *x, const int64_t *y)
{
    static int want[64 * 64], got[64 * 64];
    plan_view a = view_of(rank, dims, x), b = view_of(rank, dims, y);
    nest *n = nest_new(&e, &b.type, NEST_ALL_AXES);
    nest_add(n, &a);
    nest_add(n, &b);
    memset(want, 0, sizeof want);
    memset(got, 0, sizeof got);
    visit(n, 0, 0, 0, want);
    nest_close(n, 0);
    visit(n, 0, 0, 0, got);
    ck_assert_mem_eq(got, want, sizeof want);
    return n->rank;
}

START_TEST(nests_merge_what_lies_together)
{
    const int64_t cube[] = {2, 3, 4}, flat[] = {12, 4, 1}, turned[] = {1, 2, 6}, rows[] = {16, 4, 1}, wide[] = {15, 5, 1};
    ck_assert_uint_eq(merged_rank(3, cube, flat, flat), 1);
    ck_assert_uint_eq(merged_rank(3, cube, rows, flat), 2); /* a gap between the outer ones */
    ck_assert_uint_eq(merged_rank(3, cube, wide, flat), 2); /* rows with a gap */
    ck_assert_uint_eq(merged_rank(3, cube, turned, flat), 3);
    ck_assert_uint_eq(merged_rank(3, cube, turned, turned), 3); /* the order of the axes stays */
    const int64_t thin[] = {2, 1, 4}, any[] = {4, 99, 1}, dense[] = {4, 4, 1};
    ck_assert_uint_eq(merged_rank(3, thin, any, dense), 1);
    const int64_t ones[] = {1, 1, 1};
    ck_assert_uint_eq(merged_rank(3, ones, any, any), 0);
    for (unsigned seed = 1; seed < 500; seed++) {
        unsigned s = seed * 2654435761u;
        int64_t dims[3], x[3], y[3];
        for (int i = 0; i < 3; i++) {
            dims[i] = 1 + (s >> (2 * i)) % 3;
            x[i] = (s >> (6 + 3 * i)) % 7;
            y[i] = (s >> (15 + 3 * i)) % 7;
        }
        merged_rank(3, dims, x, y);
    }
}
END_TEST

START_TEST(nests_broadcast_from_the_right)
{
    const int64_t all[] = {2, 3, 4}, dense[] = {12, 4, 1}, few[] = {3, 1}, strides[] = {1, 77};
    plan_view y = view_of(3, all, dense), x = view_of(2, few, strides);
    nest *n = nest_new(&e, &y.type, NEST_ALL_AXES);
    unsigned from = nest_add(n, &x), to = nest_add(n, &y);
    nest_close(n, 0);
    cfunction *f = c_function(e.unit, "static void", "add", NULL);
    c_parameter(f, "const float *", "x");
    c_parameter(f, "float *", "y");
    c_assign(nest_loops(n, c_body(f), n->rank), nest_element(n, to, "y"), "=", nest_element(n, from, "x"));
    c_function_end(f);
    ck_assert_str_eq(printed(e.unit), "static void add(const float *x, float *y) {\n"
                                      "    for (size_t i = 0; i < 2; i++) {\n"
                                      "        for (size_t j = 0; j < 3; j++) {\n"
                                      "            for (size_t k = 0; k < 4; k++) {\n"
                                      "                y[i * 12 + j * 4 + k] = x[j];\n"
                                      "            }\n"
                                      "        }\n"
                                      "    }\n"
                                      "}\n\n");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kernel");
    TCase *c = tcase_create("kernel");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, symbols_keep_clear_of_locals);
    tcase_add_test(c, sizes_read_as_written);
    tcase_add_test(c, sizes_have_their_values);
    tcase_add_test(c, names_of_file_scope_are_unique_identifiers);
    tcase_add_test(c, a_param_is_one_table);
    tcase_add_test(c, nests_merge_what_lies_together);
    tcase_add_test(c, nests_broadcast_from_the_right);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
