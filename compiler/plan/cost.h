/* cost: the numbers and rules by which kernels' sizes and tiles are chosen, from the sizes of a layer alone.
 *
 * What they lead to for one kernel is a value, plan/choice.h; only the files that make it ask here. Nothing depends on
 * T or B in a way that would change the order of a sum: step by step and whole sequence give the same bits. */
#ifndef NNC_PLAN_COST_H
#define NNC_PLAN_COST_H

#include "ir/ir.h"

enum {
    COST_PANEL = 16,    /* units of a gate side by side in packed weights: one vector of the widest body */
    COST_COLUMNS = 64,  /* columns of a panel altogether, where there is only one gate */
    COST_CHANNELS = 16, /* output channels of a convolution side by side */
    COST_WIDEST = 16, /* lanes of the widest body: packed weights have room for its last vector, whatever the bodies */
    COST_PADDING = 4, /* the last panel is as wide as its units ask, in steps of this */
    COST_STEP_CHUNK = 24, /* most time steps whose input is projected at once: a multiple of the tiles' heights */
    COST_ROW_CHUNK = 48, /* rows (steps times batch) that are enough for that */
    COST_BLOCK = 256,    /* terms of one running sum: longer sums are sums of such blocks, which keeps rounding small */
    COST_DOTS = 4,       /* a product with fewer outputs uses lanes along its terms */
    COST_ROWS = 8,       /* most rows in one register tile */
    COST_SHARED = 1 << 9, /* weights a gate from which on layers share a step's function: a smaller step costs less
                           * than its call */
    COST_APART = 1 << 12, /* weights a gate from which on a step is worth a call of its own */
    COST_STACK = 1 << 10, /* bytes of a function's frame at most */
    COST_CACHE = 1 << 16  /* floats of packed weights from which on every other step takes the panels backwards, so that
                           * it begins with what the cache (of L1 or L2) still has */
};

static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* What of an instruction set the choices depend on. */
typedef struct {
    const char *name;
    unsigned lanes, registers; /* floats in a vector; vectors in registers */
    unsigned spare;            /* registers that a multiplication and addition need besides sums and factors */
    unsigned sums;             /* of one row in one loop: enough to hide an addition's latency */
    /* How weights are packed: units of a gate, columns of a matrix that is one gate, and channels side by side; the
     * last panel is as wide as its units ask, in steps of `padding`; zeros for the last vector stand behind all. */
    int64_t panel, columns, channels, padding, tail;
    bool rolled;               /* one sum a gate, loops over units and terms: for size, on one lane */
} cost_body;

/* The bodies that x86-64 can have, the narrowest first; the first is NEON's and plain C's too. */
enum { COST_BODIES = 3 };
extern const cost_body cost_bodies[COST_BODIES];
/* Four lanes for WebAssembly, which its engines translate once more: the packed weights of the others, smaller tiles.
 */
extern const cost_body cost_wasm;
/* One lane, for cores without vectors. It shares packed weights with no other. */
extern const cost_body cost_scalar;

/* A register tile: `rows` rows of input times `vectors` vectors of columns, each sum in `chains` chains. */
typedef struct {
    unsigned rows, vectors, chains;
} cost_tile;

/* The tile of a product with so many columns (of a full panel, and in all) and terms; most_rows: as many rows as there
 * can be at most. A narrow product has chains, to keep the processor busy. */
cost_tile cost_product(const cost_body *body, int64_t panel_columns, int64_t columns, int64_t terms, int64_t most_rows);
/* That of a product with int8 weights: fewer sums at once, as each takes a register or two for integers beside its own.
 */
cost_tile cost_dots(const cost_body *body, int64_t panel_columns, int64_t most_rows);
/* Those of a product of run-time values; rows: 0 if not known, for then they may be few. A known number of rows needs
 * no more chains than keep the processor busy; the unchained have one each but where there is only one row. */
cost_tile cost_matmul_row(const cost_body *body, int64_t columns, int64_t terms);
cost_tile cost_matmul(const cost_body *body, int64_t columns, int64_t terms, int64_t rows, int64_t most_rows);
cost_tile cost_unchained(const cost_body *body, int64_t columns, int64_t terms, int64_t most_rows);
/* That tile for a number of columns that is not known: some are computed twice, so no sum of it may wait in y. */
cost_tile cost_any_columns(const cost_body *body, cost_tile tile, int64_t terms, int64_t most_rows);
/* That tile for so many, in tiles that come out even, too: five vectors are three and two, not four and one. */
cost_tile cost_even_columns(const cost_body *body, cost_tile tile, int64_t columns);
/* One so many vectors wide, for many rows and columns of a number that is not known. */
cost_tile cost_wide_tile(const cost_body *body, unsigned vectors, int64_t terms);
/* One whose lanes lie along the terms: rows by columns, of which each pair has a sum. terms: 0 if not known, or not
 * neighbours from the first to the last. */
cost_tile cost_dot_tile(const cost_body *body, int64_t terms, int64_t columns, int64_t most_rows);
/* How many sums so far may be variables beside those of a block: more would take too much of the stack. */
unsigned cost_held(const cost_body *body);
/* Would compilers keep too much of the stack for so many vectors of weights, of so many products in one turn of a loop
 * over rows or positions? They unroll loops over few terms, and load before a loop what none of its turns changes. */
bool cost_loads_anew(const cost_body *body, int64_t weights, int64_t products);
/* Would they make as many calls of a loop over so many rows, a call each, and keep the addresses of all on the
 * stack? */
bool cost_unrolls_calls(const cost_body *body, int64_t rows);
/* Has it instructions that gather and scatter? Where floats are to move one by one compilers then move as many at once
 * as a vector has, and keep a vector of their places for each such move on the stack. */
bool cost_gathers(const cost_body *body);
/* Are its vectors so large that as many sums at once as they have lanes would be 2 KiB of stack, and several ways of
 * tiles in one function more than 8 KiB where a compiler does not optimise? */
bool cost_large_vectors(const cost_body *body);
/* The bytes of a frame that a body's functions may take: COST_STACK, but for sums of int8 weights. */
int64_t cost_most_stack(const cost_body *body, bool int8);
/* How many vectors compilers keep, in registers and on the stack, for an operator's function: what is the same in all
 * rounds of a loop. And the most for the functions of one loop, that the stack is small. */
unsigned cost_kept(ir_op op);
unsigned cost_most_kept(const cost_body *body);
/* The tile of one row of a product. */
cost_tile cost_product_row(const cost_body *body, int64_t panel_columns, int64_t columns, int64_t terms);

/* One row's recurrent sweep over panels whose units are together `units`: vectors counts vectors of units, each with
 * all its gates, of as many panels side by side as it takes to have 8 sums (GRU: 6) at once, enough to hide the latency
 * of an addition and of the cells, which follow for all of them. cost_together: how many of the vectors one loop over
 * the terms takes. */
cost_tile cost_sweep(const cost_body *body, unsigned gates, int64_t units, int64_t terms);
unsigned cost_together(const cost_body *body, unsigned gates, unsigned vectors);
/* Whether the last `width` units of a sweep (rounded up to COST_PADDING) are better taken as plain columns, all gates
 * of a term side by side in as few vectors as they fill, than gate by gate: that saves loads in every term, and costs a
 * way through memory once. */
bool cost_by_columns(const cost_body *body, unsigned gates, int64_t width, int64_t terms);
/* The tile for that many columns. */
cost_tile cost_columns_tile(const cost_body *body, int64_t columns, int64_t terms);

/* The largest chunk of a loop over a run-time dim: enough rows to fill the tiles of a blocked product. */
int64_t cost_chunk(const dim *symbol);

#endif
