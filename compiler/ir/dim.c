/* dim: canonical polynomials, each stored once.
 *
 * Every operation collects terms, brings them into the canonical order, and looks the result up in a hash table: what
 * is found there is the dim. The order of atoms is structural (symbols by creation), so a dump does not depend on the
 * order in which sizes happened to be computed.
 */
#include "ir/dim_table.h"

#include <stdlib.h>
#include <string.h>

#include "support/ice.h"

/* --- order ----------------------------------------------------------------------------------------------------- */

static int compare_sums(const dim *a, const dim *b);

static int compare_atoms(const dim *a, const dim *b) {
    if (a == b) return 0;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    if (a->kind == DIM_SYMBOL) return a->order < b->order ? -1 : 1;
    if (a->by != b->by) return a->by < b->by ? -1 : 1;
    return compare_sums(a->numerator, b->numerator);
}

/* Higher degrees first, then by the first atom that differs: an order that multiplication keeps, which long division
 * needs. */
static int compare_products(const dim_term *a, const dim_term *b) {
    if (a->factor_count != b->factor_count) return a->factor_count > b->factor_count ? -1 : 1;
    for (unsigned i = 0; i < a->factor_count; i++) {
        int order = compare_atoms(a->factors[i], b->factors[i]);
        if (order) return order;
    }
    return 0;
}

static int compare_sums(const dim *a, const dim *b) {
    if (a == b) return 0;
    if (a->term_count != b->term_count) return a->term_count < b->term_count ? -1 : 1;
    for (unsigned i = 0; i < a->term_count; i++) {
        int order = compare_products(&a->terms[i], &b->terms[i]);
        if (order) return order;
        if (a->terms[i].coefficient != b->terms[i].coefficient)
            return a->terms[i].coefficient < b->terms[i].coefficient ? -1 : 1;
    }
    return 0;
}

static int by_product(const void *a, const void *b) { return compare_products(a, b); }

static int as_shown(const void *a, const void *b) {
    const dim_term *s = a, *t = b;
    if ((s->coefficient > 0) != (t->coefficient > 0)) return s->coefficient > 0 ? -1 : 1;
    return compare_products(s, t);
}

/* --- the table --------------------------------------------------------------------------------------------------- */

static unsigned mix(unsigned hash, uint64_t value) {
    hash = (hash ^ (unsigned)(value & 0xFFFFFFFFu)) * 16777619u;
    return (hash ^ (unsigned)(value >> 32)) * 16777619u;
}

static unsigned hash_of(const dim *d) {
    unsigned hash = mix(2166136261u, d->kind);
    if (d->kind == DIM_SYMBOL) return mix(hash, d->order);
    if (d->kind != DIM_SUM) return mix(mix(hash, d->numerator->hash), (uint64_t)d->by);
    for (unsigned i = 0; i < d->term_count; i++) {
        hash = mix(hash, (uint64_t)d->terms[i].coefficient);
        for (unsigned j = 0; j < d->terms[i].factor_count; j++) hash = mix(hash, d->terms[i].factors[j]->hash);
    }
    return hash ^ hash >> 15;
}

static bool same_structure(const dim *a, const dim *b) {
    if (a->kind != b->kind || a->hash != b->hash) return false;
    if (a->kind == DIM_SYMBOL) return a->order == b->order;
    if (a->kind != DIM_SUM) return a->numerator == b->numerator && a->by == b->by;
    return compare_sums(a, b) == 0;
}

static dim **find_slot(const dim_table *t, const dim *like) {
    size_t mask = t->slot_count - 1;
    size_t i = like->hash & mask;
    while (t->slots[i] && !same_structure(t->slots[i], like)) i = (i + 1) & mask;
    return &t->slots[i];
}

static void grow(dim_table *t) {
    dim **old = t->slots;
    size_t old_count = t->slot_count;
    t->slot_count = old_count ? 2 * old_count : 64;
    t->slots = ARENA_ARRAY(t->arena, dim *, t->slot_count);
    for (size_t i = 0; i < old_count; i++)
        if (old[i]) *find_slot(t, old[i]) = old[i];
}

/* The dim with this structure if there is one, else NULL after putting a copy of `like` there, in *added. */
static dim *find_or_add(dim_table *t, const dim *like, dim **added) {
    if (4 * (t->used + 1) > 3 * t->slot_count) grow(t);
    dim **slot = find_slot(t, like);
    if (*slot) return *slot;
    *added = arena_copy(t->arena, like, sizeof *like);
    *slot = *added;
    t->used++;
    return NULL;
}

static const dim *new_huge(arena *a, const char *why) {
    dim *huge = ARENA_NEW(a, dim);
    *huge = (dim){.kind = DIM_HUGE, .min = -DIM_LIMIT - 1, .max = DIM_LIMIT + 1, .name = why};
    return huge;
}

dim_table *dim_table_new(arena *a) {
    dim_table *t = ARENA_NEW(a, dim_table);
    t->arena = a;
    t->huge = new_huge(a, "too large");
    t->intricate = new_huge(a, "of too many terms");
    return t;
}

/* Fills in what every atom has: the one term that is the atom itself. */
static const dim *finish_atom(dim_table *t, dim *atom) {
    dim_term *term = ARENA_NEW(t->arena, dim_term);
    *term = (dim_term){.coefficient = 1, .factor_count = 1, .factors = ARENA_NEW(t->arena, const dim *)};
    term->factors[0] = atom;
    atom->terms = term;
    atom->term_count = 1;
    return atom;
}

const dim *dim_symbol(dim_table *t, const char *name, int64_t lo, int64_t hi) {
    for (size_t i = 0; i < t->symbol_count; i++) {
        const dim *s = t->symbols[i];
        if (strcmp(s->name, name) != 0) continue;
        if (s->min != lo || s->max != hi) ice("dim %s with two sets of bounds", name);
        return s;
    }
    if (lo < 1 || hi < lo) ice("dim %s with bounds %lld..%lld", name, (long long)lo, (long long)hi);
    if (hi > DIM_LIMIT) return t->huge;
    dim symbol = {.kind = DIM_SYMBOL, .order = (unsigned)t->symbol_count, .min = lo, .max = hi};
    symbol.hash = hash_of(&symbol);
    dim *added = NULL;
    if (find_or_add(t, &symbol, &added)) ice("dim %s is in the table already", name);
    added->name = arena_strdup(t->arena, name);
    ARENA_PUSH(t->arena, t->symbols, t->symbol_count, t->symbol_capacity, added);
    return finish_atom(t, added);
}

static const dim *quotient_atom(dim_table *t, dim_kind kind, const dim *numerator, int64_t by, int64_t min,
                                int64_t max) {
    unsigned depth = 0;
    for (unsigned i = 0; i < numerator->term_count; i++)
        for (unsigned j = 0; j < numerator->terms[i].factor_count; j++)
            if (numerator->terms[i].factors[j]->depth > depth) depth = numerator->terms[i].factors[j]->depth;
    if (depth == DIM_MAX_DEPTH) return t->intricate;
    dim like = {.kind = kind, .depth = depth + 1, .numerator = numerator, .by = by, .min = min, .max = max};
    like.hash = hash_of(&like);
    dim *added = NULL;
    const dim *found = find_or_add(t, &like, &added);
    return found ? found : finish_atom(t, added);
}

const dim *dim_remainder(dim_table *t, const dim *numerator, int64_t by) {
    return quotient_atom(t, DIM_REMAINDER, numerator, by, 0, by - 1);
}

/* Bounds of one term by interval arithmetic; false when it can leave ±DIM_LIMIT. */
static bool term_bounds(const dim_term *term, dim_wide *min, dim_wide *max) {
    *min = *max = term->coefficient;
    for (unsigned i = 0; i < term->factor_count; i++) {
        const dim *f = term->factors[i];
        dim_wide corners[4] = {*min * f->min, *min * f->max, *max * f->min, *max * f->max};
        *min = *max = corners[0];
        for (int c = 1; c < 4; c++) {
            if (corners[c] < *min) *min = corners[c];
            if (corners[c] > *max) *max = corners[c];
        }
        if (*min < -DIM_LIMIT || *max > DIM_LIMIT) return false;
    }
    return true;
}

/* The dim of terms in any order, equal products not yet joined. Sorts and changes `terms`; keeps factor arrays. */
static const dim *make_sum(dim_table *t, dim_term *terms, size_t count) {
    if (count > 1) qsort(terms, count, sizeof *terms, by_product);
    size_t kept = 0;
    for (size_t i = 0; i < count;) {
        dim_wide coefficient = 0;
        size_t j = i;
        for (; j < count && compare_products(&terms[i], &terms[j]) == 0; j++) coefficient += terms[j].coefficient;
        if (coefficient < -DIM_LIMIT || coefficient > DIM_LIMIT) return t->huge;
        if (coefficient != 0) {
            terms[kept] = terms[i];
            terms[kept++].coefficient = (int64_t)coefficient;
        }
        i = j;
    }
    if (kept == 1 && terms[0].coefficient == 1 && terms[0].factor_count == 1) return terms[0].factors[0];
    if (kept > DIM_MAX_TERMS) return t->intricate;
    if (kept > 1) qsort(terms, kept, sizeof *terms, as_shown);

    dim sum = {.kind = DIM_SUM, .term_count = (unsigned)kept, .terms = terms};
    dim_wide min = 0, max = 0;
    for (size_t i = 0; i < kept; i++) {
        dim_wide low, high;
        if (terms[i].factor_count > DIM_MAX_FACTORS) return t->intricate;
        if (!term_bounds(&terms[i], &low, &high)) return t->huge;
        min += low;
        max += high;
    }
    if (min < -DIM_LIMIT || max > DIM_LIMIT) return t->huge;
    sum.min = (int64_t)min;
    sum.max = (int64_t)max;
    sum.hash = hash_of(&sum);
    dim *added = NULL, *found = find_or_add(t, &sum, &added);
    if (added) added->terms = kept ? arena_copy(t->arena, terms, kept * sizeof *terms) : NULL;
    if (!found) found = added;
    if (!t->plain_bounds) dim_narrow_bounds(t, found);
    return found;
}

/* --- arithmetic -------------------------------------------------------------------------------------------------- */

const dim *dim_const(dim_table *t, int64_t value) {
    if (value < -DIM_LIMIT || value > DIM_LIMIT) return t->huge;
    dim_term term = {.coefficient = value};
    return make_sum(t, &term, value != 0);
}

/* a + sign * b */
static const dim *add_times(dim_table *t, const dim *a, const dim *b, int64_t sign) {
    if (dim_is_huge(a) || dim_is_huge(b)) return dim_is_huge(a) ? a : b;
    dim_term terms[2 * DIM_MAX_TERMS];
    size_t count = 0;
    for (unsigned i = 0; i < a->term_count; i++) terms[count++] = a->terms[i];
    for (unsigned i = 0; i < b->term_count; i++) {
        terms[count] = b->terms[i];
        terms[count++].coefficient *= sign;
    }
    return make_sum(t, terms, count);
}

const dim *dim_add(dim_table *t, const dim *a, const dim *b) { return add_times(t, a, b, 1); }

const dim *dim_sub(dim_table *t, const dim *a, const dim *b) { return add_times(t, a, b, -1); }

/* Both factor lists are in order; so is the result. */
static const dim **merge_factors(arena *a, const dim_term *x, const dim_term *y) {
    if (!x->factor_count) return y->factors;
    if (!y->factor_count) return x->factors;
    const dim **merged = ARENA_ARRAY(a, const dim *, x->factor_count + y->factor_count);
    unsigned i = 0, j = 0, n = 0;
    while (i < x->factor_count && j < y->factor_count)
        merged[n++] = compare_atoms(x->factors[i], y->factors[j]) <= 0 ? x->factors[i++] : y->factors[j++];
    while (i < x->factor_count) merged[n++] = x->factors[i++];
    while (j < y->factor_count) merged[n++] = y->factors[j++];
    return merged;
}

const dim *dim_mul(dim_table *t, const dim *a, const dim *b) {
    if (dim_is_huge(a) || dim_is_huge(b)) return dim_is_huge(a) ? a : b;
    if (dim_is(a, 1)) return b;
    if (dim_is(b, 1)) return a;
    size_t count = (size_t)a->term_count * b->term_count;
    if (count > DIM_MAX_TERMS) return t->intricate;
    dim_term terms[DIM_MAX_TERMS];
    size_t n = 0;
    for (unsigned i = 0; i < a->term_count; i++) {
        for (unsigned j = 0; j < b->term_count; j++) {
            const dim_term *x = &a->terms[i], *y = &b->terms[j];
            dim_wide coefficient = (dim_wide)x->coefficient * y->coefficient;
            if (coefficient < -DIM_LIMIT || coefficient > DIM_LIMIT) return t->huge;
            terms[n++] = (dim_term){.coefficient = (int64_t)coefficient,
                                    .factor_count = x->factor_count + y->factor_count,
                                    .factors = merge_factors(t->arena, x, y)};
        }
    }
    return make_sum(t, terms, n);
}

static int64_t gcd(int64_t a, int64_t b) {
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

/* floor(rest / by), where every coefficient of rest is in [0, by - 1]. */
static const dim *floordiv_rest(dim_table *t, const dim *rest, int64_t by) {
    /* floor((g*P + c) / (g*m)) is floor((P + floor(c / g)) / m) */
    int64_t common = by;
    for (unsigned i = 0; i < rest->term_count; i++)
        if (rest->terms[i].factor_count) common = gcd(common, rest->terms[i].coefficient);
    if (common > 1) {
        dim_term terms[DIM_MAX_TERMS];
        size_t count = 0;
        for (unsigned i = 0; i < rest->term_count; i++) {
            terms[count] = rest->terms[i];
            terms[count].coefficient /= common;
            count += terms[count].coefficient != 0;
        }
        rest = make_sum(t, terms, count);
        by /= common;
    }
    if (dim_is_huge(rest)) return rest;
    int64_t low = dim_floor_quotient(rest->min, by), high = dim_floor_quotient(rest->max, by);
    if (low == high) return dim_const(t, low);
    /* floor((floor(N / a) + c) / b) is floor((N + a*c) / (a*b)) */
    const dim_term *first = &rest->terms[0];
    bool only_constant_follows = rest->term_count == 1 || (rest->term_count == 2 && !rest->terms[1].factor_count);
    if (only_constant_follows && first->coefficient == 1 && first->factor_count == 1 &&
        first->factors[0]->kind == DIM_FLOORDIV && first->factors[0]->by <= DIM_LIMIT / by) {
        const dim *inner = first->factors[0];
        int64_t c = rest->term_count == 2 ? rest->terms[1].coefficient : 0;
        const dim *scaled = dim_mul(t, dim_const(t, inner->by), dim_const(t, c));
        const dim *whole = dim_add(t, inner->numerator, scaled);
        if (!dim_is_huge(whole)) return dim_floordiv(t, whole, inner->by * by);
    }
    return quotient_atom(t, DIM_FLOORDIV, rest, by, low, high);
}

const dim *dim_floordiv(dim_table *t, const dim *a, int64_t by) {
    if (by < 1) ice("floor division of a dim by %lld", (long long)by);
    if (dim_is_huge(a)) return a;
    if (by > DIM_LIMIT) ice("floor division of a dim by more than 2^53");
    /* c = by * q + r with 0 <= r < by in every term: the q leave the division. */
    dim_term out[DIM_MAX_TERMS], rest[DIM_MAX_TERMS];
    size_t out_count = 0, rest_count = 0;
    for (unsigned i = 0; i < a->term_count; i++) {
        int64_t q = dim_floor_quotient(a->terms[i].coefficient, by);
        int64_t r = a->terms[i].coefficient - q * by;
        out[out_count] = rest[rest_count] = a->terms[i];
        out[out_count].coefficient = q;
        rest[rest_count].coefficient = r;
        out_count += q != 0;
        rest_count += r != 0;
    }
    const dim *quotient = make_sum(t, out, out_count);
    const dim *remaining = make_sum(t, rest, rest_count);
    if (dim_is_huge(remaining)) return remaining;
    return dim_add(t, quotient, floordiv_rest(t, remaining, by));
}

/* a / b for single terms: false when b does not divide a. */
static bool divide_terms(arena *storage, const dim_term *a, const dim_term *b, dim_term *quotient) {
    if (a->coefficient % b->coefficient || b->factor_count > a->factor_count) return false;
    quotient->coefficient = a->coefficient / b->coefficient;
    quotient->factors = ARENA_ARRAY(storage, const dim *, a->factor_count);
    quotient->factor_count = 0;
    unsigned j = 0;
    for (unsigned i = 0; i < a->factor_count; i++) {
        if (j < b->factor_count && a->factors[i] == b->factors[j]) j++;
        else quotient->factors[quotient->factor_count++] = a->factors[i];
    }
    return j == b->factor_count;
}

static const dim_term *leading_term(const dim *d) {
    const dim_term *leading = &d->terms[0];
    for (unsigned i = 1; i < d->term_count; i++)
        if (compare_products(&d->terms[i], leading) < 0) leading = &d->terms[i];
    return leading;
}

const dim *dim_divide_exact(dim_table *t, const dim *a, const dim *b) {
    if (dim_is_huge(a) || dim_is_huge(b) || !b->term_count) return NULL;
    const dim *quotient = dim_const(t, 0), *rest = a;
    while (rest->term_count) {
        dim_term term;
        if (!divide_terms(t->arena, leading_term(rest), leading_term(b), &term)) return NULL;
        const dim *part = make_sum(t, &term, 1);
        quotient = dim_add(t, quotient, part);
        const dim *product = dim_mul(t, part, b);
        rest = dim_sub(t, rest, product);
        if (dim_is_huge(quotient) || dim_is_huge(rest)) return NULL;
    }
    return quotient;
}

const dim *dim_substitute(dim_table *t, const dim *d, const dim *symbol, const dim *by) {
    if (d == symbol) return by;
    if (!dim_mentions(d, symbol)) return d;
    if (d->kind == DIM_FLOORDIV) return dim_floordiv(t, dim_substitute(t, d->numerator, symbol, by), d->by);
    const dim *sum = dim_const(t, 0);
    for (unsigned i = 0; i < d->term_count; i++) {
        const dim *product = dim_const(t, d->terms[i].coefficient);
        for (unsigned j = 0; j < d->terms[i].factor_count; j++)
            product = dim_mul(t, product, dim_substitute(t, d->terms[i].factors[j], symbol, by));
        sum = dim_add(t, sum, product);
    }
    return sum;
}

/* --- questions --------------------------------------------------------------------------------------------------- */

bool dim_is_huge(const dim *d) { return d->kind == DIM_HUGE; }

bool dim_is_intricate(const dim_table *t, const dim *d) { return d == t->intricate; }

const char *dim_why_huge(const dim *d) { return d->name; }

bool dim_is_const(const dim *d, int64_t *value) {
    if (d->kind != DIM_SUM || d->term_count > 1 || (d->term_count && d->terms[0].factor_count)) return false;
    if (value) *value = d->min;
    return true;
}

bool dim_is(const dim *d, int64_t value) {
    int64_t is;
    return dim_is_const(d, &is) && is == value;
}

bool dim_is_symbol(const dim *d) { return d->kind == DIM_SYMBOL; }

const char *dim_symbol_name(const dim *symbol) {
    if (symbol->kind != DIM_SYMBOL) ice("the name of a dim that is no symbol");
    return symbol->name;
}

int64_t dim_min(const dim *d) { return d->min; }

int64_t dim_max(const dim *d) { return d->max; }

bool dim_less_equal(dim_table *t, const dim *a, const dim *b) {
    const dim *difference = dim_sub(t, b, a);
    return !dim_is_huge(difference) && difference->min >= 0;
}

/* The symbol of d with the lowest order that is at least `from`; NULL when there is none. */
static const dim *next_symbol(const dim *d, unsigned from) {
    const dim *next = NULL;
    for (unsigned i = 0; i < d->term_count; i++) {
        for (unsigned j = 0; j < d->terms[i].factor_count; j++) {
            const dim *f = d->terms[i].factors[j];
            if (f->kind == DIM_FLOORDIV) f = next_symbol(f->numerator, from);
            if (f && f->kind == DIM_SYMBOL && f->order >= from && (!next || f->order < next->order)) next = f;
        }
    }
    return next;
}

size_t dim_symbols(const dim *d, const dim **symbols, size_t room) {
    size_t count = 0;
    const dim *s = next_symbol(d, 0);
    for (; s; s = next_symbol(d, s->order + 1)) {
        if (count < room) symbols[count] = s;
        count++;
    }
    return count;
}

const dim **dim_symbol_list(arena *a, const dim *d, size_t *count) {
    *count = dim_symbols(d, NULL, 0);
    if (!*count) return NULL;
    const dim **symbols = ARENA_ARRAY(a, const dim *, *count);
    dim_symbols(d, symbols, *count);
    return symbols;
}

bool dim_mentions(const dim *d, const dim *symbol) {
    if (d == symbol) return true;
    if (d->kind == DIM_FLOORDIV) return dim_mentions(d->numerator, symbol);
    if (d->kind != DIM_SUM) return false;
    for (unsigned i = 0; i < d->term_count; i++)
        for (unsigned j = 0; j < d->terms[i].factor_count; j++)
            if (dim_mentions(d->terms[i].factors[j], symbol)) return true;
    return false;
}

size_t dim_term_count(const dim *d) { return d->term_count; }

int64_t dim_term_coefficient(const dim *d, size_t term) { return d->terms[term].coefficient; }

size_t dim_term_factor_count(const dim *d, size_t term) { return d->terms[term].factor_count; }

const dim *dim_term_factor(const dim *d, size_t term, size_t factor) { return d->terms[term].factors[factor]; }

bool dim_is_floordiv(const dim *d, const dim **numerator, int64_t *by) {
    if (d->kind != DIM_FLOORDIV) return false;
    if (numerator) *numerator = d->numerator;
    if (by) *by = d->by;
    return true;
}
