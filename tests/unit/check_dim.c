/* check_dim: dims against integer arithmetic. Random expressions are computed both ways for every value of their
 * symbols; the rest are cases with answers from algebra. */
#include "ir/dim.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/diag.h"

static arena *memory;
static dim_table *t;
static const dim *T, *B, *L;

static void setup(void)
{
    memory = arena_new();
    t = dim_table_new(memory);
    T = dim_symbol(t, "T", 1, 100);
    B = dim_symbol(t, "B", 1, 32);
    L = dim_symbol(t, "L", 10, 20);
}

static void teardown(void)
{
    arena_free(memory);
}

static const dim *c(int64_t value)
{
    return dim_const(t, value);
}

static const dim *add(const dim *a, const dim *b)
{
    return dim_add(t, a, b);
}

static const dim *sub(const dim *a, const dim *b)
{
    return dim_sub(t, a, b);
}

static const dim *mul(const dim *a, const dim *b)
{
    return dim_mul(t, a, b);
}

static void shows(const dim *d, const char *expected)
{
    ck_assert_str_eq(dim_string(memory, d), expected);
}

static void within(const dim *d, int64_t low, int64_t high)
{
    ck_assert_msg(dim_min(d) == low && dim_max(d) == high, "%s in %lld..%lld, expected %lld..%lld",
                  dim_string(memory, d), (long long)dim_min(d), (long long)dim_max(d), (long long)low,
                  (long long)high);
}

START_TEST(equal_sizes_are_one_dim)
{
    ck_assert_ptr_eq(add(T, T), mul(c(2), T));
    ck_assert_ptr_eq(mul(T, c(2)), mul(c(2), T));
    ck_assert_ptr_eq(mul(add(T, B), sub(T, B)), sub(mul(T, T), mul(B, B)));
    ck_assert_ptr_eq(sub(add(T, B), B), T);
    ck_assert_ptr_eq(sub(T, T), c(0));
    ck_assert_ptr_eq(mul(T, c(0)), c(0));
    ck_assert_ptr_eq(dim_symbol(t, "T", 1, 100), T);
    ck_assert_ptr_ne(T, B);
    ck_assert(dim_is(add(c(3), c(4)), 7));
    ck_assert(!dim_is(T, 1));
    int64_t value = 0;
    ck_assert(dim_is_const(c(-5), &value) && value == -5);
    ck_assert(dim_is_const(c(0), &value) && value == 0);
    ck_assert(!dim_is_const(T, NULL));
    ck_assert(dim_is_symbol(T) && !dim_is_symbol(c(1)) && !dim_is_symbol(add(T, c(1))));
    ck_assert_str_eq(dim_symbol_name(T), "T");
}
END_TEST

START_TEST(floor_divisions_fold)
{
    ck_assert_ptr_eq(dim_floordiv(t, mul(c(4), T), 2), mul(c(2), T));
    ck_assert_ptr_eq(dim_floordiv(t, add(mul(c(2), T), c(1)), 2), T);
    ck_assert_ptr_eq(dim_floordiv(t, sub(mul(c(2), T), c(1)), 2), sub(T, c(1)));
    ck_assert_ptr_eq(dim_floordiv(t, dim_floordiv(t, T, 3), 4), dim_floordiv(t, T, 12));
    ck_assert_ptr_eq(dim_floordiv(t, mul(c(2), T), 4), dim_floordiv(t, T, 2));
    ck_assert_ptr_eq(dim_floordiv(t, T, 1), T);
    ck_assert_ptr_eq(dim_floordiv(t, c(-7), 2), c(-4));
    ck_assert_ptr_eq(dim_floordiv(t, L, 32), c(0)); /* L <= 20 */
    const dim *numerator;
    int64_t by;
    ck_assert(dim_is_floordiv(dim_floordiv(t, T, 2), &numerator, &by) && numerator == T && by == 2);
    ck_assert(!dim_is_floordiv(T, NULL, NULL));
}
END_TEST

START_TEST(text_is_as_written)
{
    shows(add(mul(c(2), T), c(1)), "2*T + 1");
    shows(add(c(1), dim_floordiv(t, T, 2)), "T//2 + 1");
    shows(sub(c(1), T), "1 - T");
    shows(sub(B, mul(T, c(3))), "B - 3*T");
    shows(c(0), "0");
    shows(c(-3), "-3");
    shows(mul(c(-1), T), "-T");
    shows(mul(mul(c(12), B), T), "12*T*B");
    shows(mul(c(2), dim_floordiv(t, T, 2)), "2*(T//2)");
    shows(mul(c(-1), dim_floordiv(t, T, 2)), "-(T//2)");
    shows(dim_floordiv(t, add(T, c(1)), 2), "(T + 1)//2");
    shows(mul(dim_floordiv(t, T, 2), B), "B*(T//2)");
}
END_TEST

START_TEST(bounds_are_tight)
{
    within(T, 1, 100);
    within(add(mul(c(2), T), c(1)), 3, 201);
    within(sub(T, dim_floordiv(t, T, 2)), 1, 50);
    within(sub(mul(T, T), T), 0, 9900);
    within(sub(mul(c(2), dim_floordiv(t, add(T, c(1)), 2)), T), 0, 1);
    within(sub(mul(L, B), L), 0, 620);
    within(sub(mul(mul(L, B), c(3)), B), 29, 1888);
    within(sub(mul(c(42), L), mul(L, L)), 320, 440); /* rises up to L = 21 */
    within(sub(T, B), -31, 99);
    within(sub(sub(T, dim_floordiv(t, T, 3)), dim_floordiv(t, mul(c(2), T), 3)), 0, 1);
}
END_TEST

START_TEST(comparisons_are_proofs)
{
    ck_assert(dim_less_equal(t, c(1), T));
    ck_assert(!dim_less_equal(t, c(2), T));
    ck_assert(dim_less_equal(t, T, mul(T, B)));
    ck_assert(dim_less_equal(t, dim_floordiv(t, T, 2), T));
    ck_assert(dim_less_equal(t, mul(c(2), dim_floordiv(t, T, 2)), T));
    ck_assert(!dim_less_equal(t, T, mul(c(2), dim_floordiv(t, T, 2))));
    ck_assert(!dim_less_equal(t, T, B));
    ck_assert(!dim_less_equal(t, B, T));
    const dim *huge = c((int64_t)1 << 60);
    ck_assert(!dim_less_equal(t, T, huge) && !dim_less_equal(t, huge, huge));
}
END_TEST

START_TEST(division_is_exact_or_nothing)
{
    ck_assert_ptr_eq(dim_divide_exact(t, mul(T, c(12)), T), c(12));
    ck_assert_ptr_eq(dim_divide_exact(t, mul(mul(c(12), T), B), mul(c(4), B)), mul(c(3), T));
    ck_assert_ptr_eq(dim_divide_exact(t, sub(mul(T, T), c(1)), sub(T, c(1))), add(T, c(1)));
    ck_assert_ptr_eq(dim_divide_exact(t, mul(add(T, B), add(L, c(2))), add(L, c(2))), add(T, B));
    const dim *half = dim_floordiv(t, T, 2);
    ck_assert_ptr_eq(dim_divide_exact(t, mul(half, c(6)), half), c(6));
    ck_assert_ptr_eq(dim_divide_exact(t, c(0), T), c(0));
    ck_assert_ptr_null(dim_divide_exact(t, T, B));
    ck_assert_ptr_null(dim_divide_exact(t, T, c(2)));
    ck_assert_ptr_null(dim_divide_exact(t, T, c(0)));
    ck_assert_ptr_null(dim_divide_exact(t, add(T, c(1)), T));
}
END_TEST

START_TEST(overflow_is_huge_for_good)
{
    const int64_t limit = (int64_t)1 << 53;
    ck_assert(!dim_is_huge(c(limit)) && !dim_is_huge(c(-limit)));
    ck_assert(dim_is_huge(c(limit + 1)) && dim_is_huge(c(INT64_MIN)) && dim_is_huge(c(INT64_MAX)));
    ck_assert(dim_is_huge(add(c(limit), c(1))));
    ck_assert(!dim_is_huge(mul(c(limit / 100), T)) && dim_is_huge(mul(c(limit / 100 + 1), T)));
    const dim *huge = c(INT64_MAX);
    ck_assert(dim_is_huge(sub(huge, huge)) && dim_is_huge(mul(huge, c(0))));
    ck_assert(dim_is_huge(dim_floordiv(t, huge, 1000)) && dim_is_huge(dim_substitute(t, T, T, huge)));
    ck_assert_ptr_null(dim_divide_exact(t, huge, huge));
    ck_assert(!dim_is_const(huge, NULL) && !dim_is(huge, INT64_MAX));
    const dim *power = T;
    for (int i = 0; i < 200; i++) power = mul(power, T);
    ck_assert(dim_is_huge(power));
    const dim *two = dim_symbol(t, "two", 1, 2), *deep = two;
    for (int i = 0; i < 200; i++) deep = mul(dim_floordiv(t, add(mul(deep, deep), B), 3), two);
    ck_assert(dim_is_huge(deep));
    ck_assert(dim_is_huge(dim_symbol(t, "wide", 1, INT64_MAX)));
}
END_TEST

START_TEST(many_terms_are_huge_and_fast)
{
    const dim *sum = c(0);
    for (int i = 0; i < 40; i++) sum = add(sum, dim_symbol(t, arena_printf(memory, "d%d", i), 1, 2));
    const dim *power = c(1);
    for (int i = 0; i < 9; i++) power = mul(power, sum);
    ck_assert(dim_is_huge(power));
    ck_assert_uint_eq(dim_symbols(sum, NULL, 0), 40);
}
END_TEST

START_TEST(symbols_in_order_of_creation)
{
    const dim *found[3] = {NULL, NULL, NULL};
    const dim *d = add(mul(L, B), dim_floordiv(t, add(T, mul(B, B)), 7));
    ck_assert_uint_eq(dim_symbols(d, found, 2), 3);
    ck_assert(found[0] == T && found[1] == B && found[2] == NULL);
    ck_assert(dim_mentions(d, T) && dim_mentions(d, L) && dim_mentions(T, T));
    ck_assert(!dim_mentions(mul(L, B), T) && !dim_mentions(c(3), T));
    ck_assert_uint_eq(dim_symbols(c(3), found, 3), 0);
}
END_TEST

START_TEST(terms_can_be_walked)
{
    const dim *half = dim_floordiv(t, T, 2);
    const dim *d = sub(mul(mul(c(3), T), B), half);
    ck_assert_uint_eq(dim_term_count(d), 2);
    ck_assert_int_eq(dim_term_coefficient(d, 0), 3);
    ck_assert_uint_eq(dim_term_factor_count(d, 0), 2);
    ck_assert(dim_term_factor(d, 0, 0) == T && dim_term_factor(d, 0, 1) == B);
    ck_assert_int_eq(dim_term_coefficient(d, 1), -1);
    ck_assert_ptr_eq(dim_term_factor(d, 1, 0), half);
    ck_assert_uint_eq(dim_term_count(c(0)), 0);
    ck_assert_uint_eq(dim_term_factor_count(c(9), 0), 0);
}
END_TEST

START_TEST(substitution)
{
    ck_assert_ptr_eq(dim_substitute(t, dim_floordiv(t, mul(T, B), 4), T, c(8)), mul(c(2), B));
    ck_assert_ptr_eq(dim_substitute(t, add(mul(T, T), B), T, add(L, c(1))),
                     add(add(mul(L, L), mul(c(2), L)), add(B, c(1))));
    ck_assert_ptr_eq(dim_substitute(t, B, T, L), B);
    ck_assert_ptr_eq(dim_substitute(t, T, T, L), L);
}
END_TEST

/* --- random expressions ------------------------------------------------------------------------------------------ */

enum { X_MAX = 5, Y_MIN = 2, Y_MAX = 4, VALUES = X_MAX * (Y_MAX - Y_MIN + 1) };

typedef struct {
    const dim *d;
    int64_t at[VALUES]; /* for every x, y */
} both;

typedef struct {
    int64_t x, y;
} point;

static int64_t value_of(void *context, const char *name)
{
    const point *p = context;
    return name[0] == 'x' ? p->x : p->y;
}

static point nth_point(int i)
{
    return (point){1 + i % X_MAX, Y_MIN + i / X_MAX};
}

static int64_t floor_quotient(int64_t a, int64_t by)
{
    return a >= 0 ? a / by : -((-a + by - 1) / by);
}

static both random_expression(unsigned *seed, const dim *x, const dim *y, int depth)
{
    *seed = *seed * 1664525u + 1013904223u;
    unsigned pick = *seed >> 16;
    both r, a, b;
    memset(&r, 0, sizeof r);
    if (depth == 0 || pick % 8 == 0) {
        int64_t number = (int64_t)(pick / 8 % 9) - 4;
        int which = (int)(pick / 128 % 3);
        r.d = which == 0 ? x : which == 1 ? y : c(number);
        for (int i = 0; i < VALUES; i++) r.at[i] = which == 0 ? nth_point(i).x : which == 1 ? nth_point(i).y : number;
        return r;
    }
    a = random_expression(seed, x, y, depth - 1);
    if (pick % 8 == 1) {
        int64_t by = (int64_t)(pick / 8 % 5) + 1;
        r.d = dim_floordiv(t, a.d, by);
        for (int i = 0; i < VALUES; i++) r.at[i] = floor_quotient(a.at[i], by);
        return r;
    }
    b = random_expression(seed, x, y, depth - 1);
    unsigned op = pick % 8 % 3;
    r.d = op == 0 ? add(a.d, b.d) : op == 1 ? sub(a.d, b.d) : mul(a.d, b.d);
    for (int i = 0; i < VALUES; i++)
        r.at[i] = op == 0 ? a.at[i] + b.at[i] : op == 1 ? a.at[i] - b.at[i] : a.at[i] * b.at[i];
    return r;
}

START_TEST(random_expressions_agree_with_arithmetic)
{
    const dim *x = dim_symbol(t, "x", 1, X_MAX), *y = dim_symbol(t, "y", Y_MIN, Y_MAX);
    unsigned seed = 1;
    int huge = 0;
    for (int round = 0; round < 4000 / UNIT_EVERY; round++) {
        both r = random_expression(&seed, x, y, 1 + round % 4);
        if (dim_is_huge(r.d)) {
            huge++;
            continue;
        }
        for (int i = 0; i < VALUES; i++) {
            point p = nth_point(i);
            ck_assert_msg(dim_evaluate(r.d, value_of, &p) == r.at[i], "%s at %lld, %lld: %lld, expected %lld",
                          dim_string(memory, r.d), (long long)p.x, (long long)p.y,
                          (long long)dim_evaluate(r.d, value_of, &p), (long long)r.at[i]);
            ck_assert_msg(dim_min(r.d) <= r.at[i] && r.at[i] <= dim_max(r.d), "%s is %lld, outside %lld..%lld",
                          dim_string(memory, r.d), (long long)r.at[i], (long long)dim_min(r.d),
                          (long long)dim_max(r.d));
            const dim *at_point = dim_substitute(t, dim_substitute(t, r.d, x, c(p.x)), y, c(p.y));
            ck_assert_msg(dim_is(at_point, r.at[i]), "%s with numbers is %s", dim_string(memory, r.d),
                          dim_string(memory, at_point));
        }
        /* what is subtracted twice in two orders is the same dim */
        both s = random_expression(&seed, x, y, 2);
        ck_assert_ptr_eq(sub(add(r.d, s.d), r.d), s.d);
    }
    ck_assert_int_lt(huge, 40);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dim");
    TCase *tc = tcase_create("dim");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, equal_sizes_are_one_dim);
    tcase_add_test(tc, floor_divisions_fold);
    tcase_add_test(tc, text_is_as_written);
    tcase_add_test(tc, bounds_are_tight);
    tcase_add_test(tc, comparisons_are_proofs);
    tcase_add_test(tc, division_is_exact_or_nothing);
    tcase_add_test(tc, overflow_is_huge_for_good);
    tcase_add_test(tc, many_terms_are_huge_and_fast);
    tcase_add_test(tc, symbols_in_order_of_creation);
    tcase_add_test(tc, terms_can_be_walked);
    tcase_add_test(tc, substitution);
    tcase_add_test(tc, random_expressions_agree_with_arithmetic);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
