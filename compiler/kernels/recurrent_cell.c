/* recurrent_cell: activations and cell updates, on one vector of units. */
#include "kernels/recurrent.h"
#include "kernels/vectors.h"
#include "ir/function.h"

static cexpr *activate(emit_context *e, ir_activation a, cexpr *x) {
    if (a.function == IR_LINEAR_ACTIVATION) return x;
    /* these two have a faster pair with small absolute errors */
    bool fast = a.function == IR_TANH || a.function == IR_SIGMOID;
    const ir_function *f = ir_function_of(a.function);
    return vectors_function(e, a.function, fast ? f->name : f->vector, x, a.scalar);
}

/* The packed weights of sigmoid gates are halved, or else the sums are (halve_gates). */
static cexpr *gate_activation(const recurrent *r, cexpr *x) {
    ir_activation a = r->attrs->recurrent_activation;
    return a.function == IR_SIGMOID ? vectors_call1(r->e, "sigmoid_of_half", x) : activate(r->e, a, x);
}

static cexpr *variable(const recurrent_cell *cell, const char *name) {
    return c_namef(cell->recurrent->e->unit, "%s%s", name, cell->suffix);
}

static cexpr *define(const recurrent_cell *cell, const char *name, cexpr *value) {
    emit_context *e = cell->recurrent->e;
    return vectors_constant(e, cell->block, arena_printf(e->arena, "%s%s", name, cell->suffix), value);
}

static void set_gate(const recurrent_cell *cell, const char *name) {
    if (cell->recurrent->attrs->recurrent_activation.function == IR_LINEAR_ACTIVATION) return; /* it is what it is */
    c_assign(cell->block, variable(cell, name), "=", gate_activation(cell->recurrent, variable(cell, name)));
}

/* Where the z of a GRU that resets before the product waits in gates: its own column group. */
static cexpr *place_of_z(const recurrent_cell *cell) {
    cunit *u = cell->recurrent->e->unit;
    return c_add(u, cell->gates, c_int(u, cell->width));
}

const char *recurrent_gate_letters(const recurrent *r) {
    return r->attrs->cell == IR_LSTM ? "ifgo" : r->attrs->cell == IR_GRU ? "rzn" : "a";
}

static cexpr *emit_lstm(const recurrent_cell *cell) {
    const recurrent *r = cell->recurrent;
    emit_context *e = r->e;
    if (r->attrs->recurrent_activation.function == IR_SIGMOID && r->attrs->activation.function == IR_TANH) {
        const char *next = arena_printf(e->arena, "cell%s", cell->suffix);
        c_declare(cell->block, e->target->type, next, NULL);
        cexpr *new_cell = variable(cell, "cell");
        cexpr *hidden = define(cell, "hidden",
                               c_call(e->unit, emit_vector(e, "lstm"), 6, variable(cell, "i"), variable(cell, "f"),
                                      variable(cell, "g"), variable(cell, "o"), tile_load_n(e, cell->c, cell->lanes),
                                      c_unary(e->unit, "&", new_cell)));
        tile_store_n(e, cell->block, cell->c, new_cell, cell->lanes);
        if (cell->cells) tile_store_n(e, cell->block, cell->cells, new_cell, cell->lanes);
        return hidden;
    }
    set_gate(cell, "i");
    set_gate(cell, "f");
    if (r->attrs->activation.function != IR_LINEAR_ACTIVATION)
        c_assign(cell->block, variable(cell, "g"), "=", activate(e, r->attrs->activation, variable(cell, "g")));
    set_gate(cell, "o");
    cexpr *old = tile_load_n(e, cell->c, cell->lanes);
    cexpr *added = vectors_call2(e, "mul", variable(cell, "i"), variable(cell, "g"));
    cexpr *next = define(cell, "cell", vectors_call3(e, "madd", variable(cell, "f"), old, added));
    tile_store_n(e, cell->block, cell->c, next, cell->lanes);
    if (cell->cells) tile_store_n(e, cell->block, cell->cells, next, cell->lanes);
    return define(cell, "hidden",
                  vectors_call2(e, "mul", variable(cell, "o"), activate(e, r->attrs->activation, next)));
}

/* h = (1 - z) * n + z * h, in this form: where z is exactly 1, h stays what it is. */
static cexpr *emit_interpolation(const recurrent_cell *cell, cexpr *z) {
    emit_context *e = cell->recurrent->e;
    cexpr *one = vectors_call1(e, "splat", c_float(e->unit, 1.0f));
    cexpr *candidate = vectors_call2(e, "mul", vectors_call2(e, "sub", one, z), variable(cell, "n"));
    return define(cell, "hidden", vectors_call3(e, "madd", z, tile_load_n(e, cell->h, cell->lanes), candidate));
}

static cexpr *emit_gru(const recurrent_cell *cell) {
    const recurrent *r = cell->recurrent;
    emit_context *e = r->e;
    if (r->c->resets_before) {
        if (r->attrs->activation.function != IR_LINEAR_ACTIVATION)
            c_assign(cell->block, variable(cell, "n"), "=", activate(e, r->attrs->activation, variable(cell, "n")));
        return emit_interpolation(cell, define(cell, "z", tile_load(e, place_of_z(cell))));
    }
    set_gate(cell, "r");
    set_gate(cell, "z");
    cexpr *n = vectors_call3(e, "madd", variable(cell, "r"), variable(cell, "n"), cell->candidate);
    c_assign(cell->block, variable(cell, "n"), "=", activate(e, r->attrs->activation, n));
    return emit_interpolation(cell, variable(cell, "z"));
}

/* The sums as they are without the half of sigmoid gates. */
static void keep_sums(const recurrent_cell *cell) {
    const recurrent *r = cell->recurrent;
    emit_context *e = r->e;
    cunit *u = e->unit;
    const char *letters = recurrent_gate_letters(r);
    unsigned candidate = 2; /* LSTM's g and GRU's n */
    for (unsigned g = 0; letters[g]; g++) {
        cexpr *sum = variable(cell, arena_printf(e->arena, "%c", letters[g]));
        if (r->c->halved && g != candidate) sum = vectors_call2(e, "add", sum, sum);
        tile_store_n(e, cell->block, c_add(u, cell->kept, c_int(u, g * r->c->hidden)), sum, cell->lanes);
    }
    if (r->attrs->cell == IR_GRU)
        tile_store_n(e, cell->block, c_add(u, cell->kept, c_int(u, 3 * r->c->hidden)), cell->candidate, cell->lanes);
}

static void halve_gates(const recurrent_cell *cell, const char *const *gates, unsigned count) {
    const recurrent *r = cell->recurrent;
    if (r->c->halved || r->attrs->recurrent_activation.function != IR_SIGMOID) return;
    for (unsigned i = 0; i < count; i++) {
        cexpr *sum = variable(cell, gates[i]);
        c_assign(cell->block, sum, "=", vectors_call2(r->e, "mul", sum, vectors_number(r->e, 0.5)));
    }
}

cexpr *recurrent_emit_cell(const recurrent_cell *cell) {
    static const char *const lstm[] = {"i", "f", "o"}, *const gru[] = {"r", "z"};
    const recurrent *r = cell->recurrent;
    if (cell->kept) keep_sums(cell);
    if (r->attrs->cell == IR_LSTM) halve_gates(cell, lstm, 3);
    if (r->attrs->cell == IR_GRU && !r->c->resets_before) halve_gates(cell, gru, 2);
    switch (r->attrs->cell) {
    case IR_LSTM: return emit_lstm(cell);
    case IR_GRU: return emit_gru(cell);
    case IR_RNN: return define(cell, "hidden", activate(r->e, r->attrs->activation, variable(cell, "a")));
    }
    ice("no cell %d", (int)r->attrs->cell);
}

cexpr *recurrent_emit_reset(const recurrent_cell *cell) {
    static const char *const gates[] = {"r", "z"};
    emit_context *e = cell->recurrent->e;
    halve_gates(cell, gates, 2);
    set_gate(cell, "r");
    set_gate(cell, "z");
    /* no more than the real lanes: the next column group may begin within this vector */
    tile_store_n(e, cell->block, place_of_z(cell), variable(cell, "z"), cell->lanes);
    return vectors_call2(e, "mul", variable(cell, "r"), tile_load_n(e, cell->h, cell->lanes));
}
