/* cost: the sizes that planner and emitters share. Everything is a simple function of a layer's sizes. */
#include "plan/cost.h"

static int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

static int64_t at_most(int64_t n, int64_t limit) { return n < limit ? n : limit; }

static int64_t parts(int64_t n, int64_t of) { return (n + of - 1) / of; }

const cost_body cost_bodies[COST_BODIES] = {{"4 lanes", 4, 16, 2}, {"AVX2", 8, 16, 1}, {"AVX-512", 16, 32, 1}};

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
    unsigned chains = product_chains(body, columns, terms);
    return (cost_tile){1, (unsigned)at_most(parts(panel_columns, body->lanes), 8 / chains), chains};
}

cost_tile cost_product(const cost_body *body, int64_t panel_columns, int64_t columns, int64_t terms,
                       int64_t most_rows) {
    enum { ENOUGH_ROWS = 3 }; /* with four vectors: as 7 loads then serve 12 sums */
    cost_tile t = cost_product_row(body, panel_columns, columns, terms);
    if (most_rows <= 1) return t;
    unsigned wide = (unsigned)at_most(parts(panel_columns, body->lanes), 4), high = tile_rows(body, wide, t.chains);
    t.vectors = high >= ENOUGH_ROWS || most_rows <= high || wide < 2 ? wide : 2;
    t.rows = even_rows(tile_rows(body, t.vectors, t.chains), most_rows);
    return t;
}

cost_tile cost_pass(const cost_body *body, unsigned gates, int64_t units, int64_t terms) {
    unsigned wide = (unsigned)at_most(8 / gates, parts(units, body->lanes));
    while (wide & (wide - 1)) wide--; /* a power of two divides a full panel */
    return (cost_tile){1, wide, wide * gates >= 6 || terms < 8 ? 1 : 2};
}

bool cost_flat(const cost_body *body, unsigned gates, int64_t width, int64_t terms) {
    enum { WAY_THROUGH_MEMORY = 32 }; /* in loads */
    int64_t saved = gates * parts(width, body->lanes) - parts(gates * width, body->lanes);
    return saved * terms > WAY_THROUGH_MEMORY;
}

cost_tile cost_flat_tile(const cost_body *body, int64_t columns, int64_t terms) {
    unsigned vectors = (unsigned)at_most(parts(columns, body->lanes), 8);
    unsigned chains = terms < 16 || vectors > 3 ? 1 : vectors == 3 ? 2 : 4 / vectors;
    return (cost_tile){1, vectors, chains};
}

static bool resets_before(const plan_kernel *k) { return k->node->attrs.cell == IR_GRU && !k->node->attrs.reset_after; }

cost_recurrent cost_of_recurrent(const plan_kernel *k) {
    const ir_attrs *attrs = &k->node->attrs;
    const ir_type *x = &k->inputs[IR_REC_X].view.type;
    int64_t steps = dim_max(x->dims[0]), batch = dim_max(x->dims[1]);
    bool projects = k->inputs[IR_REC_W_HR].kind != PLAN_NONE;
    bool before = resets_before(k);
    cost_recurrent c = {0};
    c.gates = ir_cell_gates(attrs->cell);
    c.inputs = dim_max(k->inputs[IR_REC_W_IH].view.type.dims[1]);
    c.hidden = dim_max(k->inputs[IR_REC_W_IH].view.type.dims[0]) / c.gates;
    c.projected = dim_max(k->inputs[IR_REC_W_HH].view.type.dims[1]);
    c.columns = attrs->cell == IR_GRU && !before ? 4 : c.gates;
    c.panel = c.gates == 1 ? COST_COLUMNS : COST_PANEL;
    c.z_row = c.columns * round_up(c.hidden, COST_PADDING);
    c.row = round_up(c.hidden, COST_PANEL);
    /* as many steps as fill the tiles of the projection: a large batch does that with fewer */
    c.steps = COST_ROW_CHUNK / batch;
    c.steps = at_most(at_most(c.steps < 1 ? 1 : c.steps, COST_STEP_CHUNK), steps);
    c.single = dim_is(x->dims[1], 1);
    /* the last vector of a row may be read wider than it is */
    c.sums = round_up(c.steps * batch * c.z_row, COST_PANEL) + COST_PANEL;
    c.next = c.sums + (c.single ? 0 : round_up(batch * c.z_row, COST_PANEL) + COST_PANEL);
    c.work = c.next + (c.single || projects || before ? batch * c.row : 0);
    return c;
}

bool cost_fused(const plan_kernel *k) {
    const ir_type *x = &k->inputs[IR_REC_X].view.type;
    return dim_is(x->dims[0], 1) && dim_is(x->dims[1], 1) && k->inputs[IR_REC_LENGTHS].kind == PLAN_NONE &&
           !resets_before(k);
}

bool cost_zigzag(const plan_kernel *k) {
    cost_recurrent c = cost_of_recurrent(k);
    int64_t terms = c.projected + (cost_fused(k) ? c.inputs : 0);
    return !resets_before(k) && c.hidden >= 2 * c.panel && c.gates * c.hidden * terms >= COST_CACHE;
}

int64_t cost_work_floats(const plan_kernel *k) {
    return k->kind == PLAN_NODE && k->node->op == IR_RECURRENT ? cost_of_recurrent(k).work : 0;
}

int64_t cost_chunk(const dim *symbol) {
    enum { NOT_WORTH_A_LOOP = 64 };
    return dim_max(symbol) <= NOT_WORTH_A_LOOP ? dim_max(symbol) : COST_ROW_CHUNK;
}
