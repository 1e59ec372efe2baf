/* cost: see cost.h. Everything is a simple function of a layer's sizes. */
#include "plan/cost.h"

static int64_t parts(int64_t n, int64_t of) { return (n + of - 1) / of; }

#define PANELS COST_PANEL, COST_COLUMNS, COST_CHANNELS, COST_PADDING, COST_WIDEST
const cost_body cost_bodies[COST_BODIES] = {{"4 lanes", 4, 16, 2, 8, PANELS, false},
                                            {"AVX2", 8, 16, 1, 8, PANELS, false},
                                            {"AVX-512", 16, 32, 1, 8, PANELS, false}};
/* Of 16 registers the engines of browsers keep one for themselves; and clang and they load all factors of a term, or of
 * two, before the first is used: more than four sums beside them are spilt. */
const cost_body cost_wasm = {"4 lanes, WebAssembly", 4, 15, 5, 4, 4, 32, 16, 4, 16, false};
const cost_body cost_scalar = {"1 lane", 1, 3, 1, 1, 1, 1, 1, 1, 0, true};

/* Most rows of a tile: the sums, the factors of a term in the shorter direction, and what a term goes through. */
static unsigned tile_rows(const cost_body *body, unsigned vectors, unsigned chains) {
    unsigned rows = 1;
    while (rows < COST_ROWS) {
        unsigned next = rows + 1, factors = next < vectors ? next : vectors;
        if (next * vectors * chains + factors + body->spare > body->registers) break;
        rows = next;
    }
    return rows;
}

/* Tiles as high as `height` at most that come out even: 9 rows are 5 + 5 (one of them twice), not 8 + 8. */
static unsigned even_rows(unsigned height, int64_t rows) {
    return rows < 4 * height ? (unsigned)parts(rows, parts(rows, height)) : height;
}

static unsigned product_chains(const cost_body *body, int64_t columns, int64_t terms) {
    int64_t vectors = parts(columns, body->lanes);
    unsigned chains = vectors >= 4 ? 1 : vectors >= 2 ? 2 : 4;
    while (chains > 1 && terms < 4 * (int64_t)chains) chains /= 2;
    return chains;
}

cost_tile cost_product_row(const cost_body *body, int64_t panel_columns, int64_t columns, int64_t terms) {
    if (body->rolled) return (cost_tile){1, 1, 1};
    unsigned chains = product_chains(body, columns, terms);
    return (cost_tile){1, (unsigned)smaller(parts(panel_columns, body->lanes), body->sums / chains), chains};
}

/* Four vectors wide where registers are many or rows few, else two; as high as registers allow, made even. */
static cost_tile tile_of(const cost_body *body, int64_t columns, unsigned chains, int64_t most_rows) {
    enum { ENOUGH_ROWS = 3 }; /* with four vectors: as 7 loads then serve 12 sums */
    unsigned wide = (unsigned)smaller(parts(columns, body->lanes), 4), high = tile_rows(body, wide, chains);
    cost_tile t = {1, high >= ENOUGH_ROWS || most_rows <= high || wide < 2 ? wide : 2, chains};
    t.rows = even_rows(tile_rows(body, t.vectors, chains), most_rows);
    return t;
}

static unsigned vector_bytes(const cost_body *body) { return body->lanes * (unsigned)sizeof(float); }

unsigned cost_held(const cost_body *body) {
    enum { BYTES = 512 };
    return BYTES / vector_bytes(body);
}

bool cost_loads_anew(const cost_body *body, int64_t weights, int64_t products) {
    enum { MOST_UNROLLED = 256 };
    return products <= MOST_UNROLLED && weights > cost_held(body);
}

bool cost_unrolls_calls(const cost_body *body, int64_t rows) {
    enum { LARGE = 16 };
    return !body->rolled && rows > LARGE;
}

bool cost_gathers(const cost_body *body) { return body->lanes == COST_WIDEST; }

bool cost_large_vectors(const cost_body *body) {
    enum { USUAL_BYTES = 32 };
    return vector_bytes(body) > USUAL_BYTES;
}

enum { USUAL = 16 /* registers */ };

int64_t cost_most_stack(const cost_body *body, bool int8) {
    return int8 && body->registers > USUAL ? 2 * COST_STACK : COST_STACK; /* those sums fill more of 64 bytes twice */
}

/* As measured where compilers keep most, in AVX2 with clang. */
enum { CALLS = 27 /* libm, for some lanes: nothing stays in registers meanwhile */ };

unsigned cost_kept(ir_op op) {
    static const unsigned char kept[IR_OP_COUNT] = {
        [IR_GELU] = 21,
        [IR_GELU_TANH] = 16,
        [IR_ELU] = 6,
        [IR_SELU] = 7,
        [IR_SILU] = 5,
        [IR_MISH] = 8,
        [IR_CELU] = 7,
        [IR_LOGSIGMOID] = 10,
        [IR_SOFTPLUS] = 11,
        [IR_TANHSHRINK] = 14,
        [IR_TANH] = 9,
        [IR_SIGMOID] = 5,
        [IR_EXP] = 5,
        [IR_EXP2] = 4,
        [IR_EXPM1] = 7,
        [IR_LOG] = 19,
        [IR_LOG2] = 19,
        [IR_LOG10] = 20,
        [IR_LOG1P] = 23,
        [IR_ERF] = 22,
        [IR_ATAN] = 13,
        [IR_SIN] = CALLS,
        [IR_COS] = CALLS,
        [IR_POW] = CALLS,
        [IR_BINARY_CROSS_ENTROPY] = CALLS,
        [IR_SOFTSIGN] = 3,
        [IR_HARDSWISH] = 3,
        [IR_HARDSIGMOID] = 2,
        [IR_LEAKY_RELU] = 1,
    };
    return kept[op];
}

unsigned cost_most_kept(const cost_body *body) {
    enum { OTHERS = 5 /* on the stack besides */ };
    unsigned in_registers = body->registers > USUAL ? body->registers - USUAL : 0; /* which the work itself needs */
    return in_registers + COST_STACK / vector_bytes(body) - OTHERS;
}

cost_tile cost_product(const cost_body *body, int64_t panel_columns, int64_t columns, int64_t terms,
                       int64_t most_rows) {
    if (most_rows <= 1 || body->rolled) return cost_product_row(body, panel_columns, columns, terms);
    return tile_of(body, panel_columns, product_chains(body, columns, terms), most_rows);
}

cost_tile cost_dots(const cost_body *body, int64_t panel_columns, int64_t most_rows) {
    if (body->rolled) return (cost_tile){1, 1, 1};
    unsigned wide = (unsigned)smaller(parts(panel_columns, body->lanes), most_rows <= 1 ? 8 : 4);
    return (cost_tile){(unsigned)smaller(most_rows, body->registers > 16 ? 3 : 2), wide, 1};
}

/* That tile, or one less wide and higher: whichever loads least of b, once a tile of rows, and of a, once a tile of
 * columns. With 16 registers 8 rows are 4 + 4 by three vectors, not 3 + 3 + 2 by four. */
static cost_tile fewest_loads(const cost_body *body, cost_tile tile, int64_t columns, int64_t rows) {
    int64_t vectors = parts(columns, body->lanes), least = INT64_MAX;
    cost_tile best = tile;
    for (unsigned wide = tile.vectors; wide > 0; wide--) {
        unsigned high = tile_rows(body, wide, tile.chains);
        int64_t loads = vectors * parts(rows, high) + rows * parts(vectors, wide);
        if (loads < least) best = (cost_tile){even_rows(high, rows), wide, tile.chains};
        least = smaller(least, loads);
    }
    return best;
}

cost_tile cost_matmul_row(const cost_body *body, int64_t columns, int64_t terms) {
    cost_tile t = cost_product_row(body, columns, columns, terms);
    /* b is not packed by panels: where there are registers, whole rows of it are fastest to read */
    int64_t vectors = parts(columns, body->lanes), most = body->registers - 1 - body->spare;
    if (t.chains == 1 && !body->rolled)
        t.vectors = (unsigned)parts(vectors, parts(vectors, smaller(most, COST_WIDEST)));
    return t;
}

cost_tile cost_unchained(const cost_body *body, int64_t columns, int64_t terms, int64_t most_rows) {
    if (most_rows <= 1 || body->rolled) return cost_matmul_row(body, columns, terms);
    return tile_of(body, columns, 1, most_rows);
}

cost_tile cost_matmul(const cost_body *body, int64_t columns, int64_t terms, int64_t rows, int64_t most_rows) {
    if (most_rows <= 1 || body->rolled) return cost_matmul_row(body, columns, terms);
    int64_t sums = rows * smaller(parts(columns, body->lanes), 4);
    unsigned chains = product_chains(body, columns, terms);
    while (chains > 1 && sums * chains / 2 >= body->sums) chains /= 2;
    cost_tile tile = tile_of(body, columns, chains, most_rows);
    return rows > 0 ? fewest_loads(body, tile, columns, rows) : tile;
}

cost_tile cost_any_columns(const cost_body *body, cost_tile tile, int64_t terms, int64_t most_rows) {
    enum { ONE_ROW = 8, ROWS = 2 };
    if (most_rows > tile.rows) tile.vectors = (unsigned)smaller(tile.vectors, ROWS);
    if (most_rows <= 1) tile.vectors = (unsigned)smaller(tile.vectors, ONE_ROW);
    if (tile.rows > 1) tile.rows = even_rows(tile_rows(body, tile.vectors, tile.chains), most_rows);
    while (terms > COST_BLOCK && tile.rows > 1 && tile.rows * tile.vectors > cost_held(body)) tile.rows--;
    return tile;
}

cost_tile cost_even_columns(const cost_body *body, cost_tile tile, int64_t columns) {
    int64_t vectors = parts(columns, body->lanes);
    tile.vectors = (unsigned)parts(vectors, parts(vectors, tile.vectors));
    return tile;
}

cost_tile cost_wide_tile(const cost_body *body, unsigned vectors, int64_t terms) {
    cost_tile tile = {tile_rows(body, vectors, 1), vectors, 1};
    while (terms > COST_BLOCK && tile.rows > 1 && tile.rows * tile.vectors > cost_held(body)) tile.rows--;
    return tile;
}

cost_tile cost_dot_tile(const cost_body *body, int64_t terms, int64_t columns, int64_t most_rows) {
    enum { COLUMNS = 4, EIGHT = 8, SHORT = 4 /* vectors */ };
    if (most_rows <= 1 || body->sums <= COLUMNS) return (cost_tile){1, body->sums, 1};
    /* eight columns' sums are added to one vector: worth more than loads are that serve several rows, where these are
     * few, or fall on the cache's lines */
    bool falls = terms > 0 && (terms % body->lanes == 0 || terms <= SHORT * (int64_t)body->lanes);
    if (body->lanes == EIGHT && columns >= EIGHT && falls) return (cost_tile){1, EIGHT, 1};
    /* what a term holds beside the sums: all rows' factors and one column's, or those of fewer columns and one row's */
    unsigned wide = (unsigned)smaller(columns, COLUMNS), registers = body->registers - body->spare;
    unsigned high = wide < COLUMNS ? (registers - wide) / wide : registers / (wide + 1);
    return (cost_tile){even_rows((unsigned)smaller(high, COST_ROWS), most_rows), wide, 1};
}

cost_tile cost_sweep(const cost_body *body, unsigned gates, int64_t units, int64_t terms) {
    if (body->rolled) return (cost_tile){1, 1, 1};
    unsigned wide = (unsigned)smaller(8 / gates, parts(units, body->lanes));
    while (wide & (wide - 1)) wide--; /* a power of two divides a full panel */
    unsigned sums = gates * cost_together(body, gates, wide);
    return (cost_tile){1, wide, 4 * sums >= 3 * body->sums || terms < 8 ? 1 : 2};
}

unsigned cost_together(const cost_body *body, unsigned gates, unsigned vectors) {
    return (unsigned)smaller(vectors, gates < body->sums ? body->sums / gates : 1);
}

bool cost_by_columns(const cost_body *body, unsigned gates, int64_t width, int64_t terms) {
    enum { WAY_THROUGH_MEMORY = 32 }; /* in loads */
    if (body->rolled) return false;
    int64_t saved = gates * parts(width, body->lanes) - parts(gates * width, body->lanes);
    return saved * terms > WAY_THROUGH_MEMORY;
}

cost_tile cost_columns_tile(const cost_body *body, int64_t columns, int64_t terms) {
    unsigned vectors = (unsigned)smaller(parts(columns, body->lanes), 8);
    unsigned chains = terms < 16 || vectors > 3 ? 1 : vectors == 3 ? 2 : 4 / vectors;
    return (cost_tile){1, vectors, chains};
}

int64_t cost_chunk(const dim *symbol) {
    enum { NOT_WORTH_A_LOOP = 64 };
    return dim_max(symbol) <= NOT_WORTH_A_LOOP ? dim_max(symbol) : COST_ROW_CHUNK;
}
