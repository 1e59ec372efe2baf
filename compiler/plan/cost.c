/* cost: the sizes that planner and emitters share. Everything is a simple function of a layer's sizes. */
#include "plan/cost.h"

static int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

static int64_t at_most(int64_t n, int64_t limit) { return n < limit ? n : limit; }

cost_recurrent cost_of_recurrent(const plan_kernel *k) {
    const ir_attrs *attrs = &k->node->attrs;
    const ir_type *x = &k->inputs[IR_REC_X].view.type;
    int64_t steps = dim_max(x->dims[0]), batch = dim_max(x->dims[1]);
    bool projects = k->inputs[IR_REC_W_HR].kind != PLAN_NONE;
    bool resets_before = attrs->cell == IR_GRU && !attrs->reset_after;
    cost_recurrent c = {0};
    c.gates = ir_cell_gates(attrs->cell);
    c.inputs = dim_max(k->inputs[IR_REC_W_IH].view.type.dims[1]);
    c.hidden = dim_max(k->inputs[IR_REC_W_IH].view.type.dims[0]) / c.gates;
    c.projected = dim_max(k->inputs[IR_REC_W_HH].view.type.dims[1]);
    c.columns = attrs->cell == IR_GRU && !resets_before ? 4 : c.gates;
    c.panel = c.gates == 1 ? COST_COLUMNS : COST_PANEL;
    c.z_row = c.columns * round_up(c.hidden, COST_PADDING);
    c.row = round_up(c.hidden, COST_PANEL);
    /* as many steps as fill the tiles of the projection: a large batch does that with fewer */
    c.steps = COST_ROW_CHUNK / batch;
    c.steps = at_most(at_most(c.steps < 1 ? 1 : c.steps, COST_STEP_CHUNK), steps);
    int64_t tile = at_most(batch, COST_ROWS) * c.row;
    /* the last vector of a row may be read wider than it is */
    c.h_next = c.z + round_up(c.steps * batch * c.z_row, COST_PANEL) + COST_PANEL;
    c.extra = c.h_next + (projects || resets_before ? 0 : tile);
    c.work = c.extra + (projects || resets_before ? tile : 0);
    return c;
}

int64_t cost_work_floats(const plan_kernel *k) {
    return k->kind == PLAN_NODE && k->node->op == IR_RECURRENT ? cost_of_recurrent(k).work : 0;
}

int64_t cost_chunk(const dim *symbol) {
    enum { CHUNK = 32 };
    return dim_max(symbol) <= COST_ROW_CHUNK ? dim_max(symbol) : CHUNK;
}
