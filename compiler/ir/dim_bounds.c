/* dim_bounds: bounds that are tighter than interval arithmetic over the terms.
 *
 * Interval arithmetic forgets that a symbol in two terms is the same one: it takes T - T//2 for something in
 * 1 - hi/2 .. hi. Two steps mend that where sizes of real models need it:
 *
 * 1. Floor divisions are replaced: N//k is (N - r)/k with r = N mod k in 0..k-1. Scaled by the k, what is left is a
 *    polynomial in symbols and remainders.
 * 2. A polynomial that never falls (or never rises) as one symbol grows, which its first difference tells, has its
 *    bounds at that symbol's ends. Differences have a lower degree, so the recursion ends.
 */
#include "ir/dim_table.h"

/* Beyond these the plain bounds stand: each step multiplies the work. */
enum { MAX_VARIABLES = 4, MAX_DEGREE = 3, MAX_TERMS = 12, MAX_SCALE = 1 << 20 };

/* Does a symbol occur in two terms? If not, interval arithmetic was right already. */
static bool terms_share_symbols(const dim *d) {
    for (unsigned i = 0; i < d->term_count; i++) {
        for (unsigned j = 0; j < d->terms[i].factor_count; j++) {
            const dim *f = d->terms[i].factors[j];
            const dim *inside[MAX_VARIABLES] = {f};
            size_t count = f->kind == DIM_FLOORDIV ? dim_symbols(f, inside, MAX_VARIABLES) : 1;
            if (count > MAX_VARIABLES) return false;
            for (size_t s = 0; s < count; s++)
                for (unsigned k = 0; k < d->term_count; k++)
                    for (unsigned l = 0; k != i && l < d->terms[k].factor_count; l++)
                        if (dim_mentions(d->terms[k].factors[l], inside[s])) return true;
        }
    }
    return false;
}

static int64_t divisor_of_term(const dim_term *term) {
    int64_t divisor = 1;
    for (unsigned i = 0; i < term->factor_count && divisor <= MAX_SCALE; i++) {
        if (term->factors[i]->kind != DIM_FLOORDIV) continue;
        divisor = term->factors[i]->by <= MAX_SCALE ? divisor * term->factors[i]->by : MAX_SCALE + 1;
    }
    return divisor;
}

/* The smallest number that every term's divisor divides; 0 when it is too large. 1 means: no floor divisions. */
static int64_t common_scale(const dim *d) {
    int64_t scale = 1;
    for (unsigned i = 0; i < d->term_count; i++) {
        int64_t divisor = divisor_of_term(&d->terms[i]);
        int64_t a = scale, b = divisor;
        while (b) {
            int64_t rest = a % b;
            a = b;
            b = rest;
        }
        scale *= divisor / a;
        if (divisor > MAX_SCALE || scale > MAX_SCALE) return 0;
    }
    return scale;
}

/* scale * d, with every floor division written as (N - r)/k. */
static const dim *without_floordivs(dim_table *t, const dim *d, int64_t scale) {
    const dim *sum = dim_const(t, 0);
    for (unsigned i = 0; i < d->term_count; i++) {
        const dim_term *term = &d->terms[i];
        const dim *product = dim_mul(t, dim_const(t, term->coefficient), dim_const(t, scale / divisor_of_term(term)));
        for (unsigned j = 0; j < term->factor_count; j++) {
            const dim *f = term->factors[j];
            if (f->kind == DIM_FLOORDIV) f = dim_sub(t, f->numerator, dim_remainder(t, f->numerator, f->by));
            product = dim_mul(t, product, f);
        }
        sum = dim_add(t, sum, product);
    }
    return sum;
}

static void narrow(dim *d, int64_t min, int64_t max) {
    if (min > d->min) d->min = min;
    if (max < d->max) d->max = max;
}

/* The different factors of all terms; more than MAX_VARIABLES, or a term of too high a degree, gives 0. */
static size_t variables_of(const dim *d, const dim **variables) {
    size_t count = 0;
    for (unsigned i = 0; i < d->term_count; i++) {
        if (d->terms[i].factor_count > MAX_DEGREE) return 0;
        for (unsigned j = 0; j < d->terms[i].factor_count; j++) {
            const dim *f = d->terms[i].factors[j];
            size_t k = 0;
            while (k < count && variables[k] != f) k++;
            if (k < count) continue;
            if (count == MAX_VARIABLES) return 0;
            variables[count++] = f;
        }
    }
    return count;
}

/* d with x = value, less `minus` (or NULL). Only the result gets narrow bounds, not what is built on the way: d at
 * x + 1 would ask for d at x + 2, and so on. */
static const dim *at(dim_table *t, const dim *d, const dim *x, const dim *value, const dim *minus) {
    t->plain_bounds = true;
    const dim *result = dim_substitute(t, d, x, value);
    if (minus) result = dim_sub(t, result, minus);
    t->plain_bounds = false;
    return dim_add(t, result, dim_const(t, 0));
}

/* Bounds of a polynomial that is monotone in one of its variables, from those at the variable's ends. */
static void narrow_by_differences(dim_table *t, dim *d) {
    const dim *variables[MAX_VARIABLES];
    size_t count = variables_of(d, variables);
    for (size_t i = 0; i < count; i++) {
        const dim *x = variables[i];
        const dim *difference = at(t, d, x, dim_add(t, x, dim_const(t, 1)), d);
        if (dim_is_huge(difference) || (difference->min < 0 && difference->max > 0)) continue;
        const dim *first = at(t, d, x, dim_const(t, x->min), NULL);
        const dim *last = at(t, d, x, dim_const(t, x->max), NULL);
        if (dim_is_huge(first) || dim_is_huge(last)) continue;
        if (difference->min >= 0) narrow(d, first->min, last->max);
        else narrow(d, last->min, first->max);
        return;
    }
}

void dim_narrow_bounds(dim_table *t, dim *sum) {
    if (sum->narrowed) return;
    sum->narrowed = true;
    if (sum->term_count < 2 || sum->term_count > MAX_TERMS || !terms_share_symbols(sum)) return;
    int64_t scale = common_scale(sum);
    if (scale == 1) {
        narrow_by_differences(t, sum);
        return;
    }
    if (scale == 0) return;
    const dim *whole = without_floordivs(t, sum, scale);
    if (dim_is_huge(whole)) return;
    narrow(sum, -dim_floor_quotient(-whole->min, scale), dim_floor_quotient(whole->max, scale));
}
