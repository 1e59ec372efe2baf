/* dim: sizes that are known up to the run-time dimensions.
 *
 * A dim is an integer expression of run-time dimensions (symbols with bounds): a polynomial with integer coefficients
 * whose atoms are symbols and floor divisions of polynomials by positive constants. Dims are interned in a dim_table
 * and kept in a canonical form (2*T == T + T == T*2), so two dims are the same size for every value of the symbols
 * exactly when dim_same() says so as far as the canonical form can tell, and pointer equality is that test.
 * Dims are immutable and live in the table's arena.
 *
 * Overflow: any result that could leave ±2^53, for any value of the symbols within their bounds, is the one dim for
 * which dim_is_huge() holds; it absorbs all further arithmetic. Callers report it as "too large". So is a polynomial
 * beyond the limits below, which no model has, but an input file can ask for; then dim_is_intricate() holds as well.
 */
#ifndef NNC_IR_DIM_H
#define NNC_IR_DIM_H

#include <stdbool.h>
#include <stdint.h>

#include "support/text.h"

typedef struct dim dim;
typedef struct dim_table dim_table;

/* Terms of a sum, factors of a term, floor divisions inside each other. */
enum { DIM_MAX_TERMS = 256, DIM_MAX_FACTORS = 64, DIM_MAX_DEPTH = 6 };

dim_table *dim_table_new(arena *a);

const dim *dim_const(dim_table *t, int64_t value);
/* A run-time dimension; 1 <= lo <= hi. A second call with the same name gives the same symbol (bounds must agree). */
const dim *dim_symbol(dim_table *t, const char *name, int64_t lo, int64_t hi);

const dim *dim_add(dim_table *t, const dim *a, const dim *b);
const dim *dim_sub(dim_table *t, const dim *a, const dim *b);
const dim *dim_mul(dim_table *t, const dim *a, const dim *b);
/* Rounds towards minus infinity; by >= 1. (4*T)/2 folds to 2*T; (2*T + 1)/2 folds to T. */
const dim *dim_floordiv(dim_table *t, const dim *a, int64_t by);
/* a / b when it is exact as polynomials for every value (T*12 / T, 12*T*B / (4*B)); NULL when it is not known to be. */
const dim *dim_divide_exact(dim_table *t, const dim *a, const dim *b);
/* Replaces a symbol by a dim everywhere, inside floor divisions too. */
const dim *dim_substitute(dim_table *t, const dim *d, const dim *symbol, const dim *by);

static inline bool dim_same(const dim *a, const dim *b) { return a == b; }
bool dim_is_huge(const dim *d);
bool dim_is_intricate(const dim_table *t, const dim *d); /* huge: of too many terms */
const char *dim_why_huge(const dim *d); /* "too large", "of too many terms" */
bool dim_is_const(const dim *d, int64_t *value); /* value may be NULL */
bool dim_is(const dim *d, int64_t value);        /* is it this constant */
bool dim_is_symbol(const dim *d);
const char *dim_symbol_name(const dim *symbol);

/* Bounds over all values of the symbols; tight for monotone expressions, conservative otherwise. */
int64_t dim_min(const dim *d);
int64_t dim_max(const dim *d);
/* Proven for all values of the symbols, by the bounds of b - a. */
bool dim_less_equal(dim_table *t, const dim *a, const dim *b);

/* Symbols that occur in d, each once, in the order of their creation; returns how many; at most `room` are stored. */
size_t dim_symbols(const dim *d, const dim **symbols, size_t room);
/* All of them, in the arena; NULL where there are none. */
const dim **dim_symbol_list(arena *a, const dim *d, size_t *count);
bool dim_mentions(const dim *d, const dim *symbol);

/* The structure, for emitters: a sum of terms; a term is coefficient * product of factors; a factor is a symbol or a
 * floor division. Terms are in a fixed order, positive coefficients first. */
size_t dim_term_count(const dim *d);
int64_t dim_term_coefficient(const dim *d, size_t term);
size_t dim_term_factor_count(const dim *d, size_t term);
const dim *dim_term_factor(const dim *d, size_t term, size_t factor);
bool dim_is_floordiv(const dim *d, const dim **numerator, int64_t *by);

/* As in a .nn file: "2*T + 1", "H//2 + 1". */
void dim_print(const dim *d, text *to);
const char *dim_string(arena *a, const dim *d);
/* For people: of a sum of very many terms the first, and how many more there are. */
void dim_print_short(const dim *d, text *to);
const char *dim_short(arena *a, const dim *d);

/* The value for given values of the symbols (lookup by name); for tests and interpreters. */
typedef int64_t dim_value_of(void *context, const char *symbol);
int64_t dim_evaluate(const dim *d, dim_value_of *value_of, void *context);

#endif
