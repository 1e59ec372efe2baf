/* The runtime: status, int32 helpers, the vector layers and the functions on vectors. (Accuracy over all of float32 is
 * check_accuracy's and check_accuracy_functions'.) Expected values are PyTorch's or mathematics'. Build it with -DNNC_PLAIN_C too. */
#define _DEFAULT_SOURCE /* mmap */
#define NNC_GENERATED_FOR_RUNTIME 1
#include "nnc_runtime.h"
#define NNC_GENERATED_FOR_RUNTIME 1
#define NNC_WIDE_VECTORS 1
#include "nnc_runtime.h" /* twice: two generated files in one unit, of which the second has bodies for wide vectors */

#include "layers_here.h"

#include <check.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const float nan_ = NAN, inf = INFINITY;

static void near(float got, double want, double relative) {
    ck_assert_msg(fabs((double)got - want) <= relative * fabs(want) + 1e-45, "got %.9g, want %.9g", (double)got, want);
}

#define V nnc_v4
#define LANES 4
#define TARGET NNC_TARGET_V4
#define FUSED NNC_V4_FUSES
#define DOUBLE NNC_DOUBLE
#include "runtime_layer.h"

static float nnc_v1_lane(nnc_v1 v, size_t i) {
    (void)i;
    return v;
}
#define V nnc_v1
#define LANES 1
#define TARGET
#define FUSED NNC_V1_FUSES
#define DOUBLE 0
#include "runtime_layer.h"

#if NNC_HAS_V8
#define V nnc_v8
#define LANES 8
#define TARGET NNC_TARGET_V8
#define FUSED 1
#define DOUBLE 1
#include "runtime_layer.h"
#endif

#if NNC_HAS_V16
#define V nnc_v16
#define LANES 16
#define TARGET NNC_TARGET_V16
#define FUSED 1
#define DOUBLE 1
#include "runtime_layer.h"
#endif

START_TEST(layer_v1) { nnc_v1_all_test(); }
END_TEST

/* Denormals are 0 between the two calls, and what they were again after them (unless fast math has set this itself). */
START_TEST(denormals_flushed_and_restored) {
#if !defined(__FAST_MATH__) && (defined(__x86_64__) || defined(__aarch64__))
    volatile float tiny = 1e-40f, result;
    uint64_t before = nnc_flush_denormals();
    result = tiny * 1e20f; /* as an operand */
    ck_assert(result <= 0.0f);
    tiny = 1e-20f;
    result = tiny * 1e-20f; /* as a result */
    ck_assert(result <= 0.0f);
    nnc_restore_denormals(before);
    result = tiny * 1e-20f;
    ck_assert(result > 0.0f);
#else
    nnc_restore_denormals(nnc_flush_denormals());
#endif
}
END_TEST

START_TEST(layer_v4) { nnc_v4_all_test(); }
END_TEST

START_TEST(layer_v8) {
#if NNC_HAS_V8
    if (layer_is_here("nnc_v8", 1))
        nnc_v8_all_test();
#endif
}
END_TEST

START_TEST(layer_v16) {
#if NNC_HAS_V16
    if (layer_is_here("nnc_v16", 2))
        nnc_v16_all_test();
#endif
}
END_TEST

static void lanes(nnc_v4 v, float a, float b, float c, float d) {
    float want[4], got[4];
    want[0] = a, want[1] = b, want[2] = c, want[3] = d;
    nnc_v4_store(got, v);
    ck_assert_msg(memcmp(got, want, sizeof got) == 0, "got %g %g %g %g", (double)got[0], (double)got[1], (double)got[2],
                  (double)got[3]);
}

static nnc_v4 v4(float a, float b, float c, float d) {
    float p[4];
    p[0] = a, p[1] = b, p[2] = c, p[3] = d;
    return nnc_v4_load(p);
}

START_TEST(status_in_words) {
    const nnc_status all[] = {NNC_OK, NNC_ERR_NULL, NNC_ERR_DIM, NNC_ERR_TOKEN, NNC_ERR_LENGTH,
                              NNC_ERR_TARGET, NNC_ERR_WEIGHTS, NNC_ERR_NONFINITE,
                              NNC_ERR_WEIGHTS_ALIGNMENT, NNC_ERR_WEIGHTS_MAGIC, NNC_ERR_WEIGHTS_BYTE_ORDER,
                              NNC_ERR_WEIGHTS_VERSION, NNC_ERR_WEIGHTS_MODEL, NNC_ERR_WEIGHTS_SIZE, NNC_ERR_WEIGHTS_CHECKSUM};
    size_t i, j;
    ck_assert_int_eq(NNC_OK, 0);
    for (i = 0; i < sizeof all / sizeof *all; i++) {
        ck_assert_str_ne(nnc_status_string(all[i]), "unknown status");
        for (j = 0; j < i; j++)
            ck_assert_str_ne(nnc_status_string(all[i]), nnc_status_string(all[j]));
    }
    ck_assert_str_eq(nnc_status_string((nnc_status)15), "unknown status");
}
END_TEST

START_TEST(int32_wraps) {
    ck_assert_int_eq(nnc_add_i32(INT32_MAX, 1), INT32_MIN);
    ck_assert_int_eq(nnc_sub_i32(INT32_MIN, 1), INT32_MAX);
    ck_assert_int_eq(nnc_mul_i32(65536, 65536), 0);
    ck_assert_int_eq(nnc_mul_i32(-7, 6), -42);
    ck_assert_int_eq(nnc_mul_i32(INT32_MAX, INT32_MAX), 1);
    ck_assert_int_eq(nnc_neg_i32(INT32_MIN), INT32_MIN);
    ck_assert_int_eq(nnc_abs_i32(INT32_MIN), INT32_MIN);
    ck_assert_int_eq(nnc_abs_i32(-5), 5);
    ck_assert_int_eq(nnc_max_i32(-5, 3), 3);
    ck_assert_int_eq(nnc_min_i32(-5, 3), -5);
    ck_assert_int_eq(nnc_relu_i32(-5), 0);
    ck_assert_int_eq(nnc_relu_i32(5), 5);
    ck_assert_int_eq(nnc_clamp_i32(9, 0, 6), 6);
    ck_assert_int_eq(nnc_clamp_i32(3, 7, 6), 6);
}
END_TEST

START_TEST(int32_power) {
    ck_assert_int_eq(nnc_pow_i32(3, 0), 1);
    ck_assert_int_eq(nnc_pow_i32(0, 0), 1);
    ck_assert_int_eq(nnc_pow_i32(3, 4), 81);
    ck_assert_int_eq(nnc_pow_i32(-3, 3), -27);
    ck_assert_int_eq(nnc_pow_i32(2, 31), INT32_MIN);
    ck_assert_int_eq(nnc_pow_i32(2, 32), 0);
    ck_assert_int_eq(nnc_pow_i32(-1, INT32_MAX), -1);
    ck_assert_int_eq(nnc_pow_i32(1, -3), 1);
    ck_assert_int_eq(nnc_pow_i32(-1, -3), -1);
    ck_assert_int_eq(nnc_pow_i32(-1, INT32_MIN), 1);
    ck_assert_int_eq(nnc_pow_i32(2, -1), 0);
    ck_assert_int_eq(nnc_pow_i32(0, -1), 0);
}
END_TEST

START_TEST(vector_memory) {
    size_t n, i;
    float unaligned[6] = {9, 1, 2, 3, 4, 9};
    lanes(nnc_v4_load(unaligned + 1), 1, 2, 3, 4);
    for (n = 0; n <= 4; n++) {
        /* exactly n floats of their own, so that the sanitizer sees a read or write too far */
        float *p = (float *)malloc(n * sizeof *p + (n == 0)), got[4];
        ck_assert_ptr_nonnull(p);
        for (i = 0; i < n; i++)
            p[i] = (float)(i + 1);
        nnc_v4_store(got, nnc_v4_load_n(p, n));
        for (i = 0; i < 4; i++)
            ck_assert(got[i] == (i < n ? (float)(i + 1) : 0.0f));
        nnc_v4_store_n(p, nnc_v4_splat(7.0f), n);
        for (i = 0; i < n; i++)
            ck_assert(p[i] == 7.0f);
        free(p);
    }
    nnc_v4_store(unaligned + 1, nnc_v4_zero());
    ck_assert(unaligned[0] == 9.0f && unaligned[1] == 0.0f && unaligned[4] == 0.0f && unaligned[5] == 9.0f);
}
END_TEST

START_TEST(vector_arithmetic) {
    nnc_v4 a = v4(1, -2, 3, 0.5f), b = v4(4, 5, -6, 8);
    lanes(nnc_v4_add(a, b), 5, 3, -3, 8.5f);
    lanes(nnc_v4_sub(a, b), -3, -7, 9, -7.5f);
    lanes(nnc_v4_mul(a, b), 4, -10, -18, 4);
    lanes(nnc_v4_div(b, a), 4, -2.5f, -2, 16);
    lanes(nnc_v4_neg(v4(1, -2, 0.0f, inf)), -1, 2, -0.0f, -inf);
    lanes(nnc_v4_madd(a, b, nnc_v4_splat(1)), 5, -9, -17, 5);
    lanes(nnc_v4_abs(v4(-0.0f, -1, 2, -inf)), 0, 1, 2, inf);
    lanes(nnc_v4_copysign(v4(1, -2, 0, inf), v4(-0.0f, 0.0f, -3, -1)), -1, 2, -0.0f, -inf);
    ck_assert(nnc_v4_lane(b, 2) == -6.0f);
    /* in the order (0 + 2) + (1 + 3) the small lanes survive, in others they do not */
    ck_assert(nnc_v4_sum(v4(1e8f, 1, -1e8f, 1)) == 2.0f);
    ck_assert(nnc_v4_sum(v4(1e8f, -1e8f, 1, 1)) == 0.0f);
}
END_TEST

START_TEST(scalars_are_not_fused) {
    /* (1 + e)(1 - e) - 1 is -e*e exactly; the product rounded to float is 1, so the two roundings give 0. The values
     * come through volatile, so that nothing is computed at compile time. */
    volatile float plus = 1.0f + 1.0f / 8192, minus = 1.0f - 1.0f / 8192, minus_one = -1.0f;
    float p = plus, m = minus, c = minus_one;
    ck_assert(p * m + c == 0.0f);
    ck_assert(nnc_v1_madd(p, m, c) == nnc_v4_lane(nnc_v4_madd(nnc_v4_splat(p), nnc_v4_splat(m), nnc_v4_splat(c)), 2));
}
END_TEST

START_TEST(vector_order) {
    nnc_v4 nan4 = nnc_v4_splat(nan_), clamped;
    size_t i;
    lanes(nnc_v4_min(v4(1, 5, -inf, 0), v4(2, 4, 3, inf)), 1, 4, -inf, 0);
    lanes(nnc_v4_max(v4(1, 5, -inf, 0), v4(2, 4, 3, inf)), 2, 5, 3, inf);
    lanes(nnc_v4_min(nan4, nnc_v4_splat(1)), 1, 1, 1, 1); /* the right one, if either is NaN */
    lanes(nnc_v4_max(nan4, nnc_v4_splat(1)), 1, 1, 1, 1);
    lanes(nnc_v4_min(nnc_v4_zero(), nnc_v4_splat(-0.0f)), -0.0f, -0.0f, -0.0f, -0.0f);
    lanes(nnc_v4_clamp(v4(-inf, -1, 3, inf), nnc_v4_splat(-2), nnc_v4_splat(2)), -2, -1, 2, 2);
    lanes(nnc_v4_clamp(v4(0, 1, 2, 3), nnc_v4_splat(2), nnc_v4_splat(1)), 1, 1, 1, 1);
    clamped = nnc_v4_clamp(nan4, nnc_v4_splat(-2), nnc_v4_splat(2));
    for (i = 0; i < 4; i++)
        ck_assert(isnan(nnc_v4_lane(clamped, i)));
}
END_TEST

START_TEST(gate_limits) {
    lanes(nnc_v4_tanh(v4(0.0f, -0.0f, inf, -inf)), 0.0f, -0.0f, 1, -1);
    lanes(nnc_v4_tanh(v4(1e-45f, -1e-45f, 1e-20f, 1e-5f)), 1e-45f, -1e-45f, 1e-20f, 1e-5f);
    lanes(nnc_v4_tanh(v4(9.0109f, -9.0109f, 3e38f, -3e38f)), 1, -1, 1, -1);
    lanes(nnc_v4_sigmoid(v4(0, 17.4f, inf, -inf)), 0.5f, 1, 1, 0);
    lanes(nnc_v4_sigmoid_of_half(v4(0, 8.7f, inf, -inf)), 0.5f, 1, 1, 0);
    ck_assert(isnan(nnc_v4_lane(nnc_v4_tanh(nnc_v4_splat(nan_)), 1)));
    ck_assert(isnan(nnc_v4_lane(nnc_v4_sigmoid(nnc_v4_splat(nan_)), 2)));
    ck_assert(isnan(nnc_v1_tanh(nan_)));
}
END_TEST

START_TEST(a_saturated_gate_latches) {
    volatile float input = 17.4f, remembered = 0.7f;
    float cell = remembered;
    int i;
    for (i = 0; i < 100000; i++)
        cell *= nnc_v4_lane(nnc_v4_sigmoid(nnc_v4_splat(input)), 0);
    ck_assert(cell == remembered);
}
END_TEST

START_TEST(scalar_limits) {
    ck_assert(nnc_clampf(5.0f, 3.0f, 1.0f) == 1.0f && nnc_clampf(-5.0f, 3.0f, 1.0f) == 1.0f);
    ck_assert(nnc_maxf(1.0f, 2.0f) == 2.0f && nnc_maxf(2.0f, 1.0f) == 2.0f && nnc_minf(1.0f, 2.0f) == 1.0f);
    ck_assert(nnc_minf(2.0f, 1.0f) == 1.0f && isnan(nnc_clampf(nan_, 0.0f, 1.0f)));
    ck_assert(isnan(nnc_maxf(nan_, 1.0f)) && isnan(nnc_maxf(1.0f, nan_)));
    ck_assert(isnan(nnc_minf(nan_, 1.0f)) && isnan(nnc_minf(1.0f, nan_)));
}
END_TEST

#define SAME_LANES(VECTOR, SCALAR)                                                                          \
    do {                                                                                                    \
        nnc_v4 y = VECTOR;                                                                                  \
        size_t k;                                                                                           \
        for (k = 0; k < 4; k++) {                                                                           \
            float x = lane[k];                                                                              \
            ck_assert_msg(nnc_v4_lane(y, k) == SCALAR, "%s at %g", #VECTOR, (double)x);                      \
        }                                                                                                   \
    } while (0)

START_TEST(vectors_do_as_scalars) {
    float at;
    for (at = -12.0f; at < 12.0f; at += 0.5f) {
        const float lane[4] = {at, at + 0.1f, at * 3.7f, -at * 0.01f};
        nnc_v4 v = nnc_v4_load(lane);
        SAME_LANES(nnc_v4_exp(v), nnc_v1_exp(x));
        SAME_LANES(nnc_v4_tanh(v), nnc_v1_tanh(x));
        SAME_LANES(nnc_v4_sigmoid(v), nnc_v1_sigmoid(x));
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("runtime");
    TCase *all = tcase_create("all");
    SRunner *runner;
    int failed;
    tcase_add_test(all, status_in_words);
    tcase_add_test(all, int32_wraps);
    tcase_add_test(all, int32_power);
    tcase_add_test(all, vector_memory);
    tcase_add_test(all, vector_arithmetic);
    tcase_add_test(all, scalars_are_not_fused);
    tcase_add_test(all, vector_order);
    tcase_add_test(all, gate_limits);
    tcase_add_test(all, a_saturated_gate_latches);
    tcase_add_test(all, scalar_limits);
    tcase_add_test(all, vectors_do_as_scalars);
    tcase_add_test(all, layer_v1);
    tcase_add_test(all, denormals_flushed_and_restored);
    tcase_add_test(all, layer_v4);
    tcase_add_test(all, layer_v8);
    tcase_add_test(all, layer_v16);
    suite_add_tcase(suite, all);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
