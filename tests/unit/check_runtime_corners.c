/* check_runtime_corners: of the runtime, besides check_runtime: V_min and V_max of zeros, and nnc_align. What V_min and
 * V_max are is written down as a < b ? a : b and a > b ? a : b, so that of two zeros the second one is given, whatever its
 * sign: by the layer of one lane, by vector instructions, and by plain C. */
#define NNC_GENERATED_FOR_RUNTIME 1
#include "nnc_runtime.h"

#include <check.h>
#include <stdlib.h>

static int is_negative(float x) { return copysignf(1.0f, x) < 0.0f; }

START_TEST(one_lane)
{
    ck_assert(is_negative(nnc_v1_max(0.0f, -0.0f)) && !is_negative(nnc_v1_max(-0.0f, 0.0f)));
    ck_assert(is_negative(nnc_v1_min(0.0f, -0.0f)) && !is_negative(nnc_v1_min(-0.0f, 0.0f)));
}
END_TEST

START_TEST(four_lanes)
{
    nnc_v4 plus = nnc_v4_splat(0.0f), minus = nnc_v4_splat(-0.0f);
    for (size_t i = 0; i < 4; i++) {
        ck_assert(is_negative(nnc_v4_lane(nnc_v4_max(plus, minus), i)));
        ck_assert(!is_negative(nnc_v4_lane(nnc_v4_max(minus, plus), i)));
        ck_assert(is_negative(nnc_v4_lane(nnc_v4_min(plus, minus), i)));
        ck_assert(!is_negative(nnc_v4_lane(nnc_v4_min(minus, plus), i)));
    }
}
END_TEST

/* The struct has room for 15 floats more than the scratch needs. */
START_TEST(scratch_is_aligned)
{
    static float memory[64];
    for (size_t i = 0; i < 32; i++) {
        float *p = nnc_align(memory + i);
        ck_assert((uintptr_t)p % 64 == 0);
        ck_assert(p >= memory + i && p <= memory + i + 15);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("runtime corners");
    TCase *t = tcase_create("corners");
    tcase_add_test(t, one_lane);
    tcase_add_test(t, four_lanes);
    tcase_add_test(t, scratch_is_aligned);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
