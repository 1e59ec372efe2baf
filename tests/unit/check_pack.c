/* check_pack: weights in panels, value by value, and the sizes that planner and emitters compute from a layer. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/choose.h"

/* Gate g, unit u, term k has the weight 100 g + 10 u + k. */
static void make_weights(float *w, int gates, int units, int terms) {
    for (int g = 0; g < gates; g++)
        for (int u = 0; u < units; u++)
            for (int k = 0; k < terms; k++) w[(g * units + u) * terms + k] = (float)(100 * g + 10 * u + k);
}

/* A param of these values, until the end of the test. */
#define PARAM(values) (&(ir_param){.data = (values)})

static void assert_values(const float *got, const float *want, size_t count) {
    for (size_t i = 0; i < count; i++) ck_assert_msg(got[i] == want[i], "value %zu is %g, not %g", i, (double)got[i],
                                                     (double)want[i]);
}

START_TEST(one_narrow_panel) {
    float w[6], values[12];
    make_weights(w, 1, 3, 2);
    const float bias[] = {0.5f, 1.5f, 2.5f};
    pack p = {.matrices = 1, .padding = COST_PADDING, .units = 3, .terms = 2, .panel = 16, .gates = 1, .scale = {1}, .weight = PARAM(w), .bias = PARAM(bias)};
    ck_assert_int_eq(pack_panels(&p), 1);
    ck_assert_int_eq(pack_units(&p, 0), 3);
    ck_assert_int_eq(pack_width(&p, 0), 4);
    ck_assert_int_eq(pack_elements(&p, PACK_FLOATS), 12);
    pack_fill_floats(&p, values);
    const float want[] = {0.5f, 1.5f, 2.5f, 0, /* term 0 */ 0, 10, 20, 0, /* term 1 */ 1, 11, 21, 0};
    assert_values(values, want, 12);
}
END_TEST

/* Two groups in another order than the matrix has, one of them halved, one of them with a bias. */
START_TEST(gates_in_two_panels) {
    float w[20], values[44];
    make_weights(w, 2, 5, 2);
    const float first[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, second[10] = {10, 20, 30, 40, 50};
    pack p = {.matrices = 1, .padding = COST_PADDING, .units = 5, .terms = 2, .panel = 4, .gates = 2, .gate = {1, 0}, .scale = {1, 0.5f}, .bias_from = 1,
              .weight = PARAM(w), .bias = PARAM(first), .second_bias = PARAM(second), .tail = 4};
    ck_assert_int_eq(pack_panels(&p), 2);
    ck_assert_int_eq(pack_units(&p, 1), 1);
    ck_assert_int_eq(pack_width(&p, 1), 4);
    ck_assert_int_eq(pack_row(&p, 0), 8);
    ck_assert_int_eq(pack_bias_floats(&p, 0), 4);
    ck_assert_int_eq(pack_offset(&p, 1, PACK_FLOATS), 20);
    ck_assert_int_eq(pack_elements(&p, PACK_FLOATS), 44);
    pack_fill_floats(&p, values);
    const float want[44] = {
        5.5f, 11, 16.5f, 22,                     /* biases of gate 0, units 0..3, halved */
        100, 110, 120, 130, 0, 5, 10, 15,        /* term 0: gate 1, then gate 0 halved */
        101, 111, 121, 131, 0.5f, 5.5f, 10.5f, 15.5f,
        27.5f, 0, 0, 0,                          /* unit 4 */
        140, 0, 0, 0, 20, 0, 0, 0,
        141, 0, 0, 0, 20.5f, 0, 0, 0,
    };                                           /* and the tail */
    assert_values(values, want, 44);
}
END_TEST

START_TEST(second_bias_apart) {
    const float w[] = {1, 2}, first[] = {1, 2}, second[] = {16, 32};
    float values[16];
    pack p = {.matrices = 1, .padding = COST_PADDING, .units = 1, .terms = 1, .panel = 16, .gates = 2, .gate = {0, 1}, .scale = {1, 1}, .weight = PARAM(w),
              .bias = PARAM(first), .second_bias = PARAM(second), .first_bias_only = {true, false}};
    pack_fill_floats(&p, values);
    const float want[16] = {1, 0, 0, 0, 34, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0};
    assert_values(values, want, 16);
}
END_TEST

/* Halved after one rounding of the exact sum. */
START_TEST(biases_are_added_then_halved) {
    const float w[] = {0}, first[] = {16777216.0f}, second[] = {3.0f};
    float values[8];
    pack p = {.matrices = 1, .padding = COST_PADDING, .units = 1, .terms = 1, .panel = 16, .gates = 1, .scale = {0.5f}, .weight = PARAM(w), .bias = PARAM(first),
              .second_bias = PARAM(second)};
    pack_fill_floats(&p, values);
    ck_assert_float_eq(values[0], 8388610.0f); /* 16777219 rounds to 16777220, half of it is exact */
}
END_TEST

START_TEST(values_that_are_not_finite) {
    float w[] = {1, 2, 3};
    pack p = {.matrices = 1, .padding = COST_PADDING, .units = 3, .terms = 1, .panel = 16, .gates = 1, .scale = {1}, .bias_from = 1, .weight = PARAM(w)};
    ck_assert(pack_finite(&p, PACK_FLOATS));
    w[2] = INFINITY;
    ck_assert(!pack_finite(&p, PACK_FLOATS));
    w[2] = 3;
    const float bias[] = {0, NAN, 0};
    p.bias = PARAM(bias);
    ck_assert(pack_finite(&p, PACK_FLOATS)); /* no group has a bias: it is not in the table */
    p.bias_from = 0;
    ck_assert(!pack_finite(&p, PACK_FLOATS));
}
END_TEST

/* Where an element of the param lies among the floats of its pack, biases apart; one unit after another, gates side by
 * side. One gate alone lies as in the param only if it is the first: W_hn of a GRU is the third. */
START_TEST(places_of_elements) {
    float w[24], values[32];
    make_weights(w, 2, 6, 2);
    pack p = {.matrices = 1, .padding = 4, .units = 6, .terms = 2, .panel = 4, .gates = 2, .gate = {1, 0}, .scale = {1, 1},
              .bias_from = 2, .weight = PARAM(w), .apart = true};
    ck_assert_int_eq(pack_elements(&p, PACK_FLOATS), 32);
    pack_fill_floats(&p, values);
    for (int i = 0; i < 24; i++) ck_assert_float_eq(values[pack_place_of(&p, i)], w[i]);
    ck_assert(!pack_is_row_major(&p));
    pack alone = {.matrices = 1, .padding = 1, .units = 6, .terms = 2, .panel = 1, .gates = 1, .scale = {1}};
    ck_assert(pack_is_row_major(&alone));
    alone.gate[0] = 2;
    ck_assert(!pack_is_row_major(&alone));
}
END_TEST

/* A convolution's groups: a matrix each, one below the other, in panels of its own and with a tail of its own. */
START_TEST(matrices_one_below_the_other) {
    const float w[] = {1, 2, 3, 4}, bias[] = {5, 6, 7, 8};
    float values[18];
    pack p = {.matrices = 2, .padding = COST_PADDING, .units = 2, .terms = 1, .panel = 16, .gates = 1, .scale = {1}, .weight = PARAM(w),
              .bias = PARAM(bias), .tail = 1};
    ck_assert_int_eq(pack_matrix(&p, PACK_FLOATS), 9);
    ck_assert_int_eq(pack_elements(&p, PACK_FLOATS), 18);
    pack_fill_floats(&p, values);
    const float want[18] = {5, 6, 0, 0, 1, 2, 0, 0, 0, 7, 8, 0, 0, 3, 4, 0, 0, 0};
    assert_values(values, want, 18);
}
END_TEST

/* Codes plus 128, four terms of a unit side by side, rows filled up; a scale for each 32 terms; and the biases. */
START_TEST(codes_of_int8) {
    float w[2 * 34] = {0};
    uint8_t codes[4 * 36 + 8];
    uint16_t scales[2 * 4 + 2];
    float biases[6];
    const float bias[] = {0.5f, 1.5f};
    for (int k = 0; k < 34; k++) w[k] = (float)(k - 16); /* unit 0; its largest magnitude is 16, then 17 */
    w[34] = 2;                                           /* unit 1, term 0 */
    pack p = {.format = FORMAT_INT8, .matrices = 1, .padding = COST_PADDING, .units = 2, .terms = 34, .panel = 16,
              .gates = 1, .scale = {1}, .weight = PARAM(w), .bias = PARAM(bias), .tail = 2};
    ck_assert_int_eq(pack_elements(&p, PACK_FLOATS), 0);
    ck_assert_int_eq(pack_elements(&p, PACK_CODES), 4 * 36 + 8);
    ck_assert_int_eq(pack_elements(&p, PACK_SCALES), 2 * 4 + 2);
    ck_assert_int_eq(pack_elements(&p, PACK_BIASES), 4 + 2);
    ck_assert_int_eq(pack_quantised(&p), 1 + 2 * 17);
    pack_fill_codes(&p, (void *)codes);
    pack_fill_scales(&p, (void *)scales);
    pack_fill_biases(&p, biases);
    /* 16 / 127 is 0.12598425; the bfloat16 above it is 0x3e02, 0.126953125 */
    ck_assert_uint_eq(scales[0], 0x3e02);
    ck_assert_int_eq(codes[0], 128 - 126); /* -16 / 0.126953125 = -126.03 */
    ck_assert_int_eq(codes[3], 128 - 102); /* -13: -102.4 */
    ck_assert_int_eq(codes[4], 128 + 126); /* unit 1: 2 / 0.01586914 = 126.03 */
    ck_assert_int_eq(codes[5], 128);
    ck_assert_int_eq(codes[8], 128); /* a unit that only fills up */
    ck_assert_int_eq(codes[8 * 16], 128 + 119); /* term 32 of unit 0, 16, of a block whose scale is 0.134765625 */
    ck_assert_uint_eq(scales[4], 0x3e0a);
    ck_assert_int_eq(codes[8 * 16 + 2], 128); /* a term that only fills up */
    ck_assert_int_eq(codes[9 * 16], 128);     /* the tail */
    const float want[] = {0.5f, 1.5f, 0, 0, 0, 0};
    assert_values(biases, want, 6);
}
END_TEST

/* --- choices --- */

static const cost_body *body = &cost_bodies[0];

static arena *choices; /* a choice's packs live in it */

static void begin_choices(void) { choices = arena_new(); }

static void end_choices(void) { arena_free(choices); }

static plan_choice choice_of(ir_cell cell, int64_t steps, int64_t batch, int64_t hidden, int64_t projected) {
    arena *a = choices;
    dim_table *t = dim_table_new(a);
    int64_t gates = ir_cell_gates(cell);
    ir_value weights[IR_REC_INPUTS] = {0}, *values[IR_REC_INPUTS] = {NULL};
    ir_node param = {.op = IR_PARAM};
    ir_node node = {.op = IR_RECURRENT, .attrs = {.cell = cell, .reset_after = true}, .inputs = values,
                    .input_count = IR_REC_INPUTS};
    plan_operand inputs[IR_REC_INPUTS] = {0}, results[3] = {{.kind = PLAN_MEMORY}};
    plan_view *x = &inputs[IR_REC_X].view;
    x->type = (ir_type){IR_F32, 3, {dim_const(t, steps), dim_const(t, batch), dim_const(t, 7)}};
    x->strides[0] = dim_const(t, 7 * batch);
    x->strides[1] = dim_const(t, 7);
    inputs[IR_REC_W_IH].view.type = (ir_type){IR_F32, 2, {dim_const(t, gates * hidden), dim_const(t, 7)}};
    inputs[IR_REC_W_HH].view.type = (ir_type){IR_F32, 2, {dim_const(t, gates * hidden), dim_const(t, projected)}};
    ir_model m = {.params = ARENA_NEW(a, ir_param), .param_count = 1};
    inputs[IR_REC_W_IH].kind = inputs[IR_REC_W_HH].kind = PLAN_PARAM;
    inputs[IR_REC_W_HR].view.type = (ir_type){IR_F32, 2, {dim_const(t, projected), dim_const(t, hidden)}};
    if (projected != hidden) inputs[IR_REC_W_HR].kind = PLAN_PARAM;
    for (int i = 0; i < IR_REC_INPUTS; i++) {
        weights[i] = (ir_value){.type = inputs[i].view.type, .producer = &param};
        if (inputs[i].kind == PLAN_PARAM) values[i] = &weights[i];
    }
    plan_kernel k = {.kind = PLAN_NODE, .node = &node, .inputs = inputs, .input_count = IR_REC_INPUTS};
    k.results = results;
    k.result_count = 3;
    chooser c = {.arena = a, .model = &m, .dims = t, .body = body, .unroll = 64};
    plan_choice r;
    choose(&c, &k, &r);
    ck_assert_int_eq(r.kind, CHOICE_RECURRENT);
    return r;
}

/* Work space is for what is read: where each part begins, and how much there is in all. */
static void assert_work(const plan_choice *c, int64_t gates, int64_t sums, int64_t next) {
    const choice_recurrent *r = &c->recurrent;
    ck_assert_int_eq(r->gates_at >= 0, gates > 0);
    ck_assert_int_eq(r->sums_at >= 0, sums > 0);
    ck_assert_int_eq(r->next_at >= 0, next > 0);
    if (gates && sums) ck_assert_int_ge(r->sums_at, r->gates_at + gates);
    if (sums && next) ck_assert_int_ge(r->next_at, r->sums_at + sums);
    ck_assert_int_ge(c->work, gates + sums + next);
    ck_assert_int_le(c->work, gates + sums + next + 2 * (COST_PANEL + 15) + 15 * 16);
}

START_TEST(sizes_of_recurrent_layers) {
    plan_choice c = choice_of(IR_LSTM, 100, 1, 17, 17);
    const choice_recurrent *r = &c.recurrent;
    ck_assert_int_eq(r->inputs, 7);
    ck_assert_int_eq(r->hidden, 17);
    ck_assert_int_eq(r->projected, 17);
    ck_assert_int_eq(r->gates_row, 4 * 20); /* 17 units in steps of 4 */
    ck_assert_int_eq(r->steps, 24);
    ck_assert(r->one_row);
    ck_assert(r->chained); /* the new h goes to out: no room for it */
    assert_work(&c, 24 * 80, 0, 0);
    /* the n of a GRU is two values: of x and of h */
    ck_assert_int_eq(choice_of(IR_GRU, 100, 1, 16, 16).recurrent.gates_row, 4 * 16);
    ck_assert_int_eq(choice_of(IR_RNN, 100, 1, 16, 16).recurrent.gates_row, 16);
    ck_assert_int_eq(choice_of(IR_LSTM, 3, 1, 16, 16).recurrent.steps, 3);
    /* one step: x and h in one stream */
    c = choice_of(IR_LSTM, 1, 1, 64, 64);
    ck_assert(r->fused);
    assert_work(&c, 0, 0, 0);
    /* a narrow last panel passes through memory, where it leaves vectors nearly empty; no other panel does */
    c = choice_of(IR_LSTM, 1, 1, 65, 65);
    ck_assert(!r->step.by_columns);
    assert_work(&c, 0, 0, 0);
    body = &cost_bodies[2];
    c = choice_of(IR_LSTM, 1, 1, 65, 65);
    ck_assert(r->fused && r->step.by_columns);
    assert_work(&c, 4 * 4, 0, 0);
    body = &cost_bodies[0];
    /* a batch fills the tiles with fewer steps; one that is larger yet takes a step at a time */
    ck_assert_int_eq(choice_of(IR_LSTM, 100, 500, 16, 16).recurrent.steps, 1);
    /* it has its sums besides the input's share, and updates h in place */
    c = choice_of(IR_LSTM, 100, 16, 16, 16);
    ck_assert_int_eq(r->steps, 3);
    ck_assert(!r->one_row);
    assert_work(&c, 3 * 16 * 64, 16 * 64, 0);
    /* a GRU's sums are three, its shares of the input four */
    c = choice_of(IR_GRU, 100, 16, 16, 16);
    assert_work(&c, 3 * 16 * 64, 16 * 48, 0);
    /* proj_size wants room for the hidden vector before the projection */
    c = choice_of(IR_LSTM, 100, 1, 64, 8);
    ck_assert_int_eq(r->projected, 8);
    assert_work(&c, 24 * 256, 0, 64);
    c = choice_of(IR_LSTM, 100, 5, 64, 8);
    assert_work(&c, 9 * 5 * 256, 5 * 256, 5 * 64);
}
END_TEST

START_TEST(chunks_of_dims) {
    arena *a = arena_new();
    dim_table *t = dim_table_new(a);
    ck_assert_int_eq(cost_chunk(dim_symbol(t, "A", 1, 5)), 5);
    ck_assert_int_eq(cost_chunk(dim_symbol(t, "B", 1, 64)), 64);
    ck_assert_int_eq(cost_chunk(dim_symbol(t, "C", 1, 100000)), 48);
    arena_free(a);
}
END_TEST

int main(void) {
    Suite *s = suite_create("pack");
    TCase *t = tcase_create("pack");
    tcase_add_checked_fixture(t, begin_choices, end_choices);
    tcase_add_test(t, one_narrow_panel);
    tcase_add_test(t, gates_in_two_panels);
    tcase_add_test(t, second_bias_apart);
    tcase_add_test(t, biases_are_added_then_halved);
    tcase_add_test(t, values_that_are_not_finite);
    tcase_add_test(t, places_of_elements);
    tcase_add_test(t, matrices_one_below_the_other);
    tcase_add_test(t, codes_of_int8);
    tcase_add_test(t, sizes_of_recurrent_layers);
    tcase_add_test(t, chunks_of_dims);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
