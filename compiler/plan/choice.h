/* choice: all that is chosen about a kernel's code for one body, as a value.
 *
 * plan_model makes it once for each kernel and body (choose.c). The kernel's work space, --dump=plan and the emitters
 * read it and derive nothing anew, so they cannot disagree. What a kernel is given (shapes, strides, operands) stands
 * in its plan_kernel. Sizes and offsets are floats; a tile's vectors have the body's lanes. */
#ifndef NNC_PLAN_CHOICE_H
#define NNC_PLAN_CHOICE_H

#include "plan/cost.h"
#include "plan/pack.h"
#include "plan/plan.h"
#include "support/text.h"

/* --- products: rows of x times packed weights --------------------------------------------------------------------- */

typedef struct {
    cost_tile size;
    bool unrolled; /* its terms stand one after another in the code */
    bool narrows;  /* where columns are too few for it, narrower ones take them (choice_narrower) */
    bool anew;     /* weights are loaded anew for each tile (cost_loads_anew) */
    bool clamped;  /* where rows are fewer than it has, the last one is in it again */
    unsigned held; /* of more sums than these none is a variable from one block of terms to the next: they wait in
                    * memory, where they go; 0: all are */
} choice_tile;

/* Do so many sums of a tile, which may have fewer columns than it, wait in memory? */
static inline bool choice_sums_wait(const choice_tile *t, unsigned sums) { return t->held && sums > t->held; }

/* n of something in as few parts as possible, of `most` at most: `count` parts have `size`, and `larger` ones one
 * more. */
typedef struct {
    int64_t larger, count, size;
} choice_even;

static inline choice_even choice_evenly(int64_t n, int64_t most) {
    int64_t parts = (n + most - 1) / most, larger = n % parts;
    return (choice_even){larger, parts - larger, n / parts};
}

/* Of a number of columns that is not known, those that are too few for a tile of so many vectors go by the narrowest
 * tile of an even number that has room for all: the next one is so wide; 0: there is none. */
static inline unsigned choice_narrower(unsigned vectors) { return vectors > 2 ? (vectors - 1) / 2 * 2 : 0; }

/* How rows go through tiles. A known number of rows is `taller_count` tiles, then `tile_count` tiles one row lower.
 * Otherwise the rows go by `tile`, the last one together with rows of the one before, and where they are too few by
 * `row`. No more than `rest` has go by that lower tile at the end, again together with rows before; it may have no
 * rows: there is none. */
typedef struct {
    int64_t rows; /* -1: known only at run time */
    choice_tile tile, taller, row, rest;
    int64_t tile_count, taller_count;
} choice_heights;

/* The way of all rows through one panel. */
typedef struct {
    int64_t columns; /* floats of a row of weights that y takes; 0: there is no such panel */
    bool by_columns; /* a tile's width of columns for all rows, then the next: their weights stay in the cache */
    choice_heights heights;
} choice_panel;

typedef struct {
    const pack *pack;
    int64_t rows;     /* -1: known only at run time */
    bool padded;      /* y has room for units that only fill up a panel */
    bool apart;       /* of a RECURRENT: its function is so large that it stands apart from its callers */
    choice_panel full, last; /* all panels but a narrow last one; that one */
} choice_product;

/* --- LINEAR, MATMUL, CONV1D --------------------------------------------------------------------------------------- */

/* A loop over rows of x and y. */
typedef struct {
    const dim *extent, *x, *y; /* strides in floats */
} choice_loop;

typedef struct {
    const pack *pack;
    choice_loop loops[IR_MAX_RANK]; /* the last one's rows are the product's; the others stand around it */
    unsigned loop_count;
    bool dots;        /* few outputs: lanes along the terms, the matrix as it stands */
    bool unroll_dots;
    choice_product product; /* if not dots */
    int64_t chunk;          /* int8: so many rows are quantised, and multiplied, at a time; 0: all of them */
} choice_linear;

/* y[m][n] = sum of a[m][k] * b[k][n]: how many of each, and the strides in floats. */
typedef struct {
    const dim *rows, *inner, *columns;
    const dim *a_m, *a_k, *b_k, *b_n, *y_m, *y_n;
} choice_matrices;

typedef enum {
    CHOICE_BY_TILES,    /* rows of a by vectors of b's columns */
    CHOICE_BY_ELEMENTS, /* element by element, in plain floats */
    CHOICE_BY_STREAM,   /* one row of a: some rows of b at a time, as they lie */
    CHOICE_BY_DOTS      /* the terms of a and of b lie densely: lanes along them, rows by so many columns */
} choice_matmul_way;

/* Fewer rows than that, or columns, or floats of b; 0: how many there are does not count. */
typedef struct {
    int64_t rows, columns, floats;
} choice_below;

typedef struct choice_matmul {
    choice_matrices of;
    bool turned; /* y' = b' a': b has one column, or few, which are the rows here, and a is b */
    choice_matmul_way way;
    choice_heights heights; /* of tiles, or dots, whose vectors are columns */
    choice_tile lower; /* of several rows that are too few for heights.tile, where it is as wide as
                          all columns; no rows: there is none */
    choice_heights odd;     /* of tiles of three vectors, where columns of a number that is not known are odd vectors;
                               heights is for pairs then. No rows: there is none */
    const struct choice_matmul *few; /* the way of less than few_below, whose rows are more than a vector has lanes;
                                        NULL: all take this one */
    choice_below few_below;
    unsigned repeated; /* for dots: two or three columns that are all of b, and lie together; tiles of so many rows at
                          most are repeated as the columns lie, of more the columns are taken apart */
    int64_t terms;          /* are so many at most */
    bool fused;             /* a term is one madd; else a multiplication and an addition */
    int64_t streamed;       /* so many rows of b at a time, */
    int64_t blocks;         /* of so many blocks of terms: where there are several, sums wait in the work space */
    bool zigzag;            /* a step of a loop: every other step takes the blocks of terms backwards */
    int64_t panels;         /* then, of packing, so many are a block */
    int64_t packed; /* so many columns of b are put side by side in the work space; for dots, so many terms of a column;
                       0: b as it lies */
    int64_t packed_from; /* if rows are so many at least */
    int64_t block;  /* WEIGHT_GRAD: so many terms at a time, whose rows of dy are copied to the work space; 0: all, as
                       they lie */
    int64_t distance; /* from one of these rows to the next */
    int64_t outputs;  /* columns of dy that are copied at a time, and that heights is for */
    /* The matrix of a trained param that lies packed: b, whose rows are the packed units (way: CHOICE_BY_DOTS), or y of
     * a WEIGHT_GRAD, a panel at a time: a and b are x and dy then. NULL: there is none. */
    const pack *packing;
} choice_matmul;

typedef struct {
    int64_t width, units, vectors; /* of a panel of channels; width 0: there is no such panel */
    int64_t positions;             /* of a tile in the interior, */
    bool unrolled;                 /* and whether its taps stand one after another in the code */
    bool anew;                     /* weights are loaded anew for each tile (cost_loads_anew) */
} choice_channels;

typedef struct {
    const pack *pack;    /* NULL: groups of a lone channel, summed in plain floats */
    int64_t lanes;       /* 1: plain floats */
    int64_t first;       /* positions [first, end) have all their taps in the input; */
    const dim *end;      /* NULL: only the running program knows */
    bool has_interior, has_edges;
    choice_channels full, last;
    bool by_positions;       /* lanes are positions instead, and the rows of tiles channels: */
    choice_heights channels; /* of a group */
    bool apart;      /* what is done to a tile's sums keeps so much that a function of its own does it, in memory */
    int64_t sums_at; /* there, in the work space; so do sums of more than a block of terms that something is done to;
                        -1: none do */
    int64_t rows_at; /* of x that is [N, H, C, R, L] one sequence's rows lie in the work space, */
    bool rows_in_vectors; /* copied by vectors, which few floats are fastest by; else as they lie, by memcpy or one by
                           * one */
    /* Weights that have codes: instead of all that, rows of terms are gathered, `chunk` positions at a time, and
     * multiplied. */
    bool by_windows;
    choice_product product;
    bool by_floats; /* windows and results move float by float (cost_gathers) */
    int64_t chunk, windows_at, results_at, quantised_at; /* places in the work space */
} choice_conv;

/* --- RECURRENT ---------------------------------------------------------------------------------------------------- */

/* Which rows of x one call of the input's product takes. */
typedef enum {
    CHOICE_ROWS_OF_STEPS,       /* one batch row: a row a step */
    CHOICE_ROWS_OF_BATCH,       /* a row for each of the batch, one step after another */
    CHOICE_ROWS_OF_ALL,         /* steps times batch, all at one distance */
    CHOICE_ROWS_OF_STEPS_BY_ROW /* the steps of one batch row after another */
} choice_rows;

/* Where one row's new h waits until all sums have read the old one. */
typedef enum { CHOICE_H_IN_VARIABLES, CHOICE_H_IN_NEXT, CHOICE_H_IN_OUT, CHOICE_H_AT_ONCE } choice_hidden;

/* One row's way through all panels of a pack: a vector of units has a sum for each gate. */
typedef struct {
    const pack *pack;
    cost_tile tile;    /* vectors: of units */
    unsigned together; /* of them in one loop over the terms; the cells follow for all */
    int64_t span;      /* full panels side by side: more than one where a vector is a panel wide */
    bool by_columns;   /* the last panel as plain columns, all gates of a term side by side: */
    choice_tile columns_tile;
    bool unroll_units, unroll_terms;
} choice_sweep;

typedef struct {
    /* the layer */
    int64_t inputs, hidden, projected; /* I, H, P (P == H without proj_size) */
    unsigned gates;        /* of the weights: LSTM 4, GRU 3, RNN 1 */
    unsigned columns; /* values a unit has in a row of gates: LSTM 4, GRU 4 (n of x, r, z, n of h), RNN 1; a GRU that
                       * resets before the product 3 */
    bool has_cell, has_out, projects, resets_before;
    bool one_row;          /* the batch is one row, and known to be */
    /* weights: W_ih; W_hh; reset before: W_hn apart from the rest; proj_size: W_hr */
    const pack *input, *hidden_pack, *candidate, *output;
    bool halved;           /* packed sigmoid gates are halved: sigmoid(x) = (1 + tanh(x / 2)) / 2 */
    bool apart;            /* its functions beside products are so large that they stand apart from their callers */
    bool shared; /* layers of the same shape share functions, whose tables are parameters; else each has its own */
    /* the way through time */
    bool fused;            /* one step of one row: the input's part of the sums is in the same stream */
    bool chained;          /* one row: the new h goes to a row of out, where the next step finds it */
    bool zigzag; /* every other step takes the panels backwards. A fused step cannot tell by itself: it needs the
                  * run's number */
    bool unroll_steps;
    int64_t steps;         /* of one chunk of projected input */
    choice_rows input_rows;
    bool one_by_one; /* no row of a batch is known before its turn (cost_unrolls_calls) */
    /* one row */
    choice_sweep step, candidate_step;
    unsigned input_chains;      /* fused: of each sum of the input's part */
    choice_tile columns_input;  /* fused and by_columns: of the last panel's input part */
    choice_hidden hidden_place;
    /* many rows */
    choice_product input_product, hidden_product, candidate_product, output_product;
    /* work space: where its parts begin; -1: not needed */
    int64_t gates_at, sums_at, next_at;
    int64_t quantised_x_at, quantised_at; /* rows of x; of h, and of what else a step multiplies */
    int64_t gates_row, sums_row, next_row; /* floats of one row of each */
} choice_recurrent;

/* --- the others --------------------------------------------------------------------------------------------------- */

/* The table is the weight of a Linear too, whose pack both read: a row is a unit of it. linear NULL: it has a table of
 * its own. */
typedef struct {
    const ir_node *linear;
    const pack *pack;
} choice_embedding;

typedef enum {
    CHOICE_VECTORS, /* a vector of elements at a time */
    CHOICE_LANES,   /* an element at a time, in a vector of equal lanes */
    CHOICE_ELEMENTS /* an element at a time, in plain C */
} choice_elements;

typedef struct {
    choice_elements mode;
    bool mask; /* the result is a bool: the mask as it is in memory */
} choice_elementwise;

typedef enum {
    CHOICE_REDUCE_ELEMENTS, /* an element at a time, in plain C */
    CHOICE_REDUCE_ROWS,     /* vectors along what is summed up */
    CHOICE_REDUCE_COLUMNS   /* vectors of results */
} choice_reduction_way;

typedef struct {
    choice_reduction_way way;
    int64_t unrolled; /* so many elements at most stand one after another; 0: loops over them */
    bool in_turns;    /* by columns, in loops: a column's sums are made four at a time, for they are many and wide */
} choice_reduction;

typedef enum {
    CHOICE_OTHER, /* nothing is chosen */
    CHOICE_RECURRENT, CHOICE_LINEAR, CHOICE_MATMUL, CHOICE_CONV, CHOICE_EMBEDDING, CHOICE_ELEMENTWISE, CHOICE_REDUCE,
    CHOICE_PLAIN  /* dense memory: a memset or memcpy in the run function, and no function */
} choice_kind;

struct plan_choice {
    choice_kind kind;
    const cost_body *body;
    bool vectors; /* the code is in vectors of the body */
    int64_t work; /* floats of work space */
    union {
        choice_recurrent recurrent;
        choice_linear linear;
        choice_matmul matmul;
        choice_conv conv;
        choice_embedding embedding;
        choice_elementwise elementwise;
        choice_reduction reduce;
    };
};

/* The packs that a kernel with this choice reads: how many, and which. */
enum { CHOICE_MOST_PACKS = 4 };
unsigned choice_packs(const plan_choice *c, const pack **to);
/* Does it want to know whether this run is an odd one, as `size_t turn`? (In a block: this round.) It then goes through
 * its weights backwards; a fused step cannot tell by itself. */
bool choice_takes_turn(const plan_choice *c);

/* What was chosen for a kernel and why: a line for the layer and one for each body; nothing for most kernels. */
void choice_print(const plan *p, const plan_kernel *k, int depth, text *to);

#endif
