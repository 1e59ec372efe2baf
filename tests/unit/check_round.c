/* check_round: weights -> codes and scales, and back: by hand, within the contract's bounds, and where they are extreme. */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/format.h"
#include "format/round.h"

enum { MOST = 100 };

static int32_t codes[MOST];
static float scales[4];

START_TEST(int16_by_hand) {
    const float row[] = {1, -0.5f, 0.25f, 0};
    round_row(FORMAT_INT16, row, 4, codes, scales);
    ck_assert_float_eq(scales[0], 1.0f / 32767);
    ck_assert_int_eq(codes[0], 32767);
    ck_assert_int_eq(codes[1], -16384); /* 16383.5 goes to the even one */
    ck_assert_int_eq(codes[2], 8192);
    ck_assert_int_eq(codes[3], 0);
    ck_assert_double_eq(round_back(FORMAT_INT16, codes, scales, 2), 8192 * (double)(1.0f / 32767));
}
END_TEST

/* A block of 32 terms has a scale of its own; a scale is a bfloat16, and no code above 127. */
START_TEST(int8_by_hand) {
    float row[34] = {1, -1, 0.5f};
    row[33] = 1000;
    round_row(FORMAT_INT8, row, 34, codes, scales);
    ck_assert_float_eq(scales[0], 0.0078125f + 0.0001220703125f); /* 1/127 = 0.00787401…, rounded up to 8 bits */
    ck_assert_int_eq(codes[0], 126);
    ck_assert_int_eq(codes[1], -126);
    ck_assert_int_eq(codes[2], 63);
    ck_assert_int_eq(codes[33], 127);
    ck_assert_float_eq(scales[1], 7.875f);
    ck_assert_double_eq(round_back(FORMAT_INT8, codes, scales, 33), 127 * 7.875);
}
END_TEST

static float next_float(uint32_t *random, float limit) {
    *random = *random * 1664525u + 1013904223u;
    return ((float)(*random >> 8) / 8388608.0f - 1) * limit;
}

START_TEST(bounds_of_the_contract) {
    static const float limits[] = {1e-25f, 1e-3f, 1, 77, 3e38f};
    uint32_t random = 1;
    for (size_t l = 0; l < sizeof limits / sizeof *limits; l++)
        for (int terms = 1; terms <= MOST; terms += 9) {
            float row[MOST];
            for (int k = 0; k < terms; k++) row[k] = next_float(&random, limits[l]);
            for (weight_format f = FORMAT_INT16; f <= FORMAT_INT8; f++) {
                round_row(f, row, terms, codes, scales);
                for (int k = 0; k < terms; k++) {
                    double m = 0;
                    int from = f == FORMAT_INT8 ? k / 32 * 32 : 0, to = f == FORMAT_INT8 && from + 32 < terms ? from + 32 : terms;
                    for (int i = from; i < to; i++) m = fmax(m, fabs((double)row[i]));
                    double error = fabs(round_back(f, codes, scales, k) - (double)row[k]);
                    ck_assert_msg(error <= m / (f == FORMAT_INT8 ? 250 : 65000), "%g of %g", error, m);
                    ck_assert_int_le(abs(codes[k]), f == FORMAT_INT8 ? 127 : 32767);
                }
            }
        }
}
END_TEST

START_TEST(zero_and_tiny_rows) {
    for (weight_format f = FORMAT_INT16; f <= FORMAT_INT8; f++) {
        const float zero[8] = {0}, tiny[8] = {FLT_MIN, -FLT_MIN, 1e-37f};
        round_row(f, zero, 8, codes, scales);
        for (int k = 0; k < 8; k++) ck_assert_double_eq(round_back(f, codes, scales, k), 0);
        round_row(f, tiny, 8, codes, scales);
        ck_assert_float_ge(scales[0], FLT_MIN); /* no denormal */
        for (int k = 0; k < 3; k++) ck_assert_double_le(fabs(round_back(f, codes, scales, k) - (double)tiny[k]), 1.2e-38);
    }
}
END_TEST

/* Every half, and every bfloat16, that is finite. */
START_TEST(stored_is_exact) {
    for (int32_t half = 0; half < 0x10000; half++) {
        if ((half & 0x7c00) == 0x7c00) continue;
        codes[0] = half;
        const double value = round_back(FORMAT_FLOAT16, codes, scales, 0);
        const float row[] = {(float)value};
        ck_assert_double_eq((double)row[0], value);
        round_row(FORMAT_FLOAT16, row, 1, codes, scales);
        ck_assert(codes[0] == half || (value == 0 && codes[0] == (half & 0x8000)));
    }
    const float three = 3, small = -0x1.02p-120f;
    round_row(FORMAT_BFLOAT16, &three, 1, codes, scales);
    ck_assert_int_eq(codes[0], 0x4040);
    round_row(FORMAT_BFLOAT16, &small, 1, codes, scales);
    ck_assert_double_eq(round_back(FORMAT_BFLOAT16, codes, scales, 0), (double)small);
}
END_TEST

START_TEST(quality_names_the_worst_row) {
    arena *a = arena_new();
    dim_table *t = dim_table_new(a);
    float data[64];
    for (int i = 0; i < 64; i++) data[i] = i % 2 ? 1 : -1;
    data[32 + 5] = 1000; /* its neighbours are rounded to multiples of 7.875: to 0 */
    ir_param p = {.key = "w", .data = data, .type = {.rank = 2, .dims = {dim_const(t, 2), dim_const(t, 32)}}};
    round_quality q = round_measure(a, FORMAT_INT8, &p);
    ck_assert_int_eq(q.worst_row, 1);
    ck_assert_double_eq(q.largest, 1000);
    ck_assert_double_eq_tol(q.rms, sqrt(1000031.0 / 32), 1e-9);
    ck_assert_double_lt(q.worst_decibels, q.decibels);
    q = round_measure(a, FORMAT_FLOAT32, &p);
    ck_assert(isinf(q.decibels));
    arena_free(a);
}
END_TEST

/* What sums of int8 products would overflow with stays float32. */
START_TEST(too_large_for_int8) {
    static const struct {
        float weight;
        ir_weights asked;
        weight_format format;
    } rows[] = {
        {9e24f, IR_WEIGHTS_INT8, FORMAT_INT8},         {-9e24f, IR_WEIGHTS_INT8, FORMAT_INT8},
        {2e25f, IR_WEIGHTS_INT8, FORMAT_FLOAT32},      {-FLT_MAX, IR_WEIGHTS_INT8, FORMAT_FLOAT32},
        {-FLT_MAX, IR_WEIGHTS_INT16, FORMAT_INT16},    {INFINITY, IR_WEIGHTS_INT16, FORMAT_FLOAT32},
        {-INFINITY, IR_WEIGHTS_INT8, FORMAT_FLOAT32},  {NAN, IR_WEIGHTS_INT8, FORMAT_FLOAT32},
    };
    arena *a = arena_new();
    dim_table *dims = dim_table_new(a);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        float data[40] = {1, 2};
        data[39] = rows[i].weight;
        const ir_param p = {.data = data, .type = {.rank = 2, .dims = {dim_const(dims, 4), dim_const(dims, 10)}}};
        const ir_node n = {.attrs.weights = rows[i].asked};
        ck_assert_int_eq(format_choose(&n, &p), rows[i].format);
    }
    arena_free(a);
}
END_TEST

static Suite *suite(void) {
    Suite *s = suite_create("round");
    TCase *t = tcase_create("round");
    tcase_add_test(t, int16_by_hand);
    tcase_add_test(t, int8_by_hand);
    tcase_add_test(t, bounds_of_the_contract);
    tcase_add_test(t, zero_and_tiny_rows);
    tcase_add_test(t, too_large_for_int8);
    tcase_add_test(t, stored_is_exact);
    tcase_add_test(t, quality_names_the_worst_row);
    suite_add_tcase(s, t);
    return s;
}

int main(void) {
    SRunner *r = srunner_create(suite());
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
