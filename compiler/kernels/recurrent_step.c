/* recurrent_step: the function of one time step of one row.
 *
 * Panel by panel, the sums of a few vectors of units start from the row of projected inputs, run over all of
 * the previous h and end as complete gates, from which c and h follow at once. Where there is one step only,
 * the inputs' part of the sums is in the same stream: a panel starts from its biases and runs over x first. A
 * last panel so narrow that its gates would leave vectors nearly empty is taken as plain columns, with all
 * gates side by side, which go through the row of gates before they are such.
 *
 * The old h must last until all sums are done. Where the new h goes to a row of out, the old one is the row
 * before; otherwise the new h waits in variables if all is unrolled, or in `next`. A GRU that resets before
 * the product does two such sweeps, with r * h between them; proj_size ends with a product of its own.
 * Batches are in recurrent_batch.c. */
#include "kernels/recurrent.h"
#include "kernels/vectors.h"

/* One sweep over all units: the columns of a pack, started from column groups of the row of gates. */
typedef struct {
    const pack *pack;
    const choice_sweep *choice;
    weight_tables table;
    const char *letters; /* of the groups' sums */
    unsigned group;      /* the column group of the row in which the sweep's first starts */
    bool resets;         /* gives r * h and z, not h */
    bool zigzag;
    const char *factor; /* the row that the weights multiply */
} sweep;

typedef struct {
    const recurrent *r;
    emit_context *e;
    cblock *block;
    weight_tables tables[RECURRENT_TABLES]; /* as the function knows them */
    unsigned hidden_count; /* vectors of new h in variables so far */
} step;

/* --- one vector's end: where the new h goes --- */

static const char *suffix_of(const step *s, unsigned vector) { return arena_printf(s->e->arena, "%u", vector); }

/* Of the vector `lane` floats behind a unit of h, c, … */
static cexpr *address(const step *s, const char *name, cexpr *unit, int64_t lane) {
    cunit *u = s->e->unit;
    return c_add(u, c_at(u, name, unit), c_int(u, lane));
}

static void place_hidden(const step *s, cblock *b, cexpr *unit, int64_t lane, cexpr *hidden, int64_t lanes) {
    emit_context *e = s->e;
    if (s->r->c->hidden_place == CHOICE_H_IN_VARIABLES) return;
    const char *to = s->r->c->hidden_place == CHOICE_H_IN_NEXT ? "next" : "h";
    if (s->r->c->hidden_place != CHOICE_H_IN_OUT) tile_store_n(e, b, address(s, to, unit, lane), hidden, lanes);
    if (s->r->c->has_out && !s->r->c->projects) tile_store_n(e, b, address(s, "out", unit, lane), hidden, lanes);
}

/* --- a sweep --- */

/* A panel, or the first of several side by side, or what stands for all full ones. */
typedef struct {
    int64_t panel, count;
    weight_tables weights, inputs; /* its rows; those of the input's weights, where they are in the same stream */
    bool has_inputs;
    cexpr *unit;             /* its first unit */
    const char *gates;
} panel_place;

/* Vectors of units of such a place, one after another. */
typedef struct {
    const panel_place *at;
    cexpr *j; /* the unit of vector 0 */
    unsigned first, vectors;
    int64_t last;    /* how many of the last one's lanes are real */
    unsigned number; /* what vector 0 is called, in the names of variables */
} unit_vectors;

/* The address of unit j in column group `group` of the row of gates in this panel. */
static cexpr *group_of(const step *s, const sweep *p, const panel_place *at, unsigned group, cexpr *j) {
    cunit *u = s->e->unit;
    cexpr *unit = c_at(u, at->gates, j);
    return c_add(u, unit, c_int(u, group * pack_width(p->pack, at->panel)));
}

/* Of a place's vector v: its unit, in floats from the first unit's place in a row where each panel takes `panel`
 * floats. */
static int64_t lane_of(const step *s, const sweep *p, unsigned v, int64_t panel) {
    int64_t unit = v * (int64_t)s->e->target->lanes;
    return unit / p->pack->panel * panel + unit % p->pack->panel;
}

/* The same in a part of packed weights, `within` columns further. */
static int64_t vector_place(const step *s, const pack *w, unsigned v, pack_part part, int64_t within) {
    int64_t unit = v * (int64_t)s->e->target->lanes;
    return weights_column(w, part, unit / w->panel, within + unit % w->panel);
}

static void place_vector(const step *s, const pack *w, tile *t, unsigned i, unsigned v, int64_t within) {
    t->columns[i] = vector_place(s, w, v, PACK_CODES, within);
    t->scale_columns[i] = vector_place(s, w, v, PACK_SCALES, within);
}

/* What the tiles of a sweep read: the factor as it is, or quantised. */
static const char *factor_of(const sweep *p) { return p->pack->format == FORMAT_INT8 ? "q" : p->factor; }

static int64_t gates_lane(const step *s, const sweep *p, unsigned v) {
    return lane_of(s, p, v, s->r->c->columns * p->pack->panel);
}

/* The GRU that resets after the product has a sum, the n of h, that the input's share does not start. */
static bool starts_in_gates(const step *s, const sweep *p, unsigned gate) {
    return p->group + gate < s->r->c->gates || s->r->c->columns == s->r->c->gates;
}

/* A vector of the bias of the n of h from unit j on, or zero. */
static cexpr *own_start(const step *s, const sweep *p, const panel_place *at, unsigned gate, cexpr *j) {
    cunit *u = s->e->unit;
    if (gate < p->pack->bias_from) return vectors_call0(s->e, "zero");
    int64_t group = (gate - p->pack->bias_from) * pack_width(p->pack, at->panel);
    return tile_load(s->e, c_add(u, c_add(u, at->weights.biases, j), c_int(u, group)));
}

/* Their c and h. */
static void emit_cells(step *s, const sweep *p, cblock *b, const unit_vectors *of) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    const recurrent *r = s->r;
    const panel_place *at = of->at;
    int64_t lanes = e->target->lanes;
    cexpr *first_unit = c_add(u, at->unit, of->j);
    if (!c_is_int(first_unit, NULL) && p->pack->panel > 1) {
        c_declare(b, "const size_t", "unit", first_unit);
        first_unit = c_name(u, "unit");
    }
    for (unsigned v = of->first; v < of->first + of->vectors; v++) {
        const char *suffix = suffix_of(s, of->number + v);
        recurrent_cell cell = {.recurrent = r, .block = b, .suffix = suffix, .width = pack_width(p->pack, at->panel)};
        cell.lanes = v + 1 == of->first + of->vectors ? of->last : lanes;
        cell.gates = group_of(s, p, at, 0, c_add(u, of->j, c_int(u, gates_lane(s, p, v))));
        cell.h = address(s, "h", first_unit, v * lanes);
        if (r->c->columns != r->c->gates)
            cell.candidate = at->has_inputs ? c_namef(u, "x%s", suffix) : tile_load(e, cell.gates);
        if (r->c->has_cell) cell.c = address(s, "c", first_unit, v * lanes);
        if (r->attrs->keeps) cell.kept = address(s, "kept", first_unit, v * lanes);
        if (r->attrs->keeps && r->c->has_cell) cell.cells = address(s, "cells", first_unit, v * lanes);
        if (p->resets)
            tile_store_n(e, b, address(s, "next", first_unit, v * lanes), recurrent_emit_reset(&cell), cell.lanes);
        else place_hidden(s, b, first_unit, v * lanes, recurrent_emit_cell(&cell), cell.lanes);
    }
}

/* The input's part of the sums: x's sums are the gates' and, for that GRU, x of the n of x. */
static void emit_input_terms(const step *s, const sweep *p, cblock *b, const unit_vectors *of, const tile *like) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    const pack *w = s->r->c->input;
    const panel_place *at = of->at;
    int64_t width = pack_width(w, at->panel);
    unsigned groups = w->gates, apart = p->group;
    tile t = *like;
    t.chains = s->r->c->input_chains;
    t.vectors = groups * of->vectors;
    weight_tables column = weights_at_column(e, &at->inputs, of->j);
    t.format = w->format;
    t.width = c_int(u, pack_row(w, at->panel));
    t.scale_width = pack_row(w, at->panel);
    t.weights = column.codes;
    t.scales = column.scales;
    t.inputs[0] = w->format == FORMAT_INT8 ? "q_x" : "x";
    t.unrolled = false;
    t.splats = NULL;
    cexpr *starts[TILE_MAX_SUMS];
    bool has_bias = w->bias_from == 0;
    for (unsigned i = 0; i < t.vectors; i++) {
        unsigned v = of->first + i / groups, g = i % groups;
        const char *suffix = suffix_of(s, of->number + v);
        t.sums[i] = g < apart ? arena_printf(e->arena, "x%s", suffix)
                              : arena_printf(e->arena, "%c%s", p->letters[g - apart], suffix);
        place_vector(s, w, &t, i, v, g * width);
        if (!has_bias) continue;
        int64_t bias = vector_place(s, w, v, pack_part_of_biases(w), g * width);
        starts[i] = tile_load(e, c_add(u, column.biases, c_int(u, bias)));
    }
    cexpr *end = c_name(u, s->r->inputs_constant);
    if (t.format == FORMAT_INT8) { /* its starts are not needed before its end */
        tile_declare_and_add(e, b, &t, has_bias ? starts : NULL, w->terms, w->terms, end);
        return;
    }
    tile_declare(e, b, &t, has_bias ? starts : NULL);
    tile_add(e, t.chains > 1 ? c_scope(b) : b, &t, w->terms, w->terms, end);
}

static void emit_sums(step *s, const sweep *p, cblock *b, const unit_vectors *of) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    const panel_place *at = of->at;
    int64_t width = pack_width(p->pack, at->panel);
    unsigned groups = p->pack->gates, sums = groups * of->vectors;
    weight_tables column = weights_at_column(e, &at->weights, of->j);
    tile t = {.rows = 1, .vectors = sums, .chains = p->choice->tile.chains, .format = p->pack->format};
    t.width = c_int(u, groups * width);
    t.scale_width = groups * width;
    t.weights = column.codes;
    t.scales = column.scales;
    t.unrolled = p->choice->unroll_terms;
    if (p->choice->unroll_terms && p->choice->unroll_units) t.splats = p->factor;
    t.inputs[0] = factor_of(p);
    cexpr *starts[TILE_MAX_SUMS];
    for (unsigned i = 0; i < sums; i++) {
        unsigned v = of->first + i / groups, g = i % groups;
        t.sums[i] = arena_printf(e->arena, "%c%s", p->letters[g], suffix_of(s, of->number + v));
        place_vector(s, p->pack, &t, i, v, g * width);
        int64_t lane = vector_place(s, p->pack, v, pack_part_of_biases(p->pack), 0);
        cexpr *at_gates = group_of(s, p, at, p->group + g, c_add(u, of->j, c_int(u, gates_lane(s, p, v))));
        starts[i] = starts_in_gates(s, p, g) ? tile_load(e, at_gates)
                                             : own_start(s, p, at, g, c_add(u, of->j, c_int(u, lane)));
    }
    int64_t terms = p->pack->terms;
    cexpr *end = c_name(u, s->r->projected_constant);
    if (!at->has_inputs) {
        tile_declare_and_add(e, b, &t, starts, terms, terms, end);
        return;
    }
    emit_input_terms(s, p, b, of, &t);
    for (unsigned i = 0; i < sums; i++)
        if (!starts_in_gates(s, p, i % groups)) c_declare(b, e->target->type, t.sums[i], starts[i]);
    tile_add(e, b, &t, terms, terms, end);
}

static void emit_units(step *s, const sweep *p, cblock *b, const unit_vectors *of) {
    unit_vectors some = *of;
    for (; some.first < of->vectors; some.first += p->choice->together) {
        some.vectors = (unsigned)smaller(of->vectors - some.first, p->choice->together);
        emit_sums(s, p, b, &some);
    }
    emit_cells(s, p, b, of);
}

/* A narrow panel: its columns as they lie in a row of weights, into the row of gates; then the cells from
 * there. */
static void emit_columns_panel(step *s, const sweep *p, cblock *b, const panel_place *at, unsigned *number) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    const recurrent *r = s->r;
    int64_t lanes = e->target->lanes, width = pack_width(p->pack, at->panel), units = pack_units(p->pack, at->panel);
    unsigned groups = p->pack->gates, vectors = (unsigned)((units + lanes - 1) / lanes);
    product_block block = {.start = PRODUCT_FROM_ZERO, .column = "j"};
    block.panel = at->panel;
    if (at->has_inputs) {
        const pack *w = r->c->input;
        block.tile = r->c->columns_input;
        block.x[0] = w->format == FORMAT_INT8 ? "q_x" : "x";
        block.y[0] = group_of(s, p, at, 0, c_int(u, 0));
        block.weights = at->inputs;
        block.columns = pack_row(w, at->panel);
        block.terms = w->terms;
        block.end = c_name(u, r->inputs_constant);
        if (w->bias_from == 0) block.start = PRODUCT_FROM_BIAS;
        product_emit_block(e, c_scope(b), &block);
    }
    for (unsigned g = 0; g < groups; g++)
        for (int64_t j = 0; j < width && !starts_in_gates(s, p, g); j += lanes)
            tile_store_n(e, b, group_of(s, p, at, p->group + g, c_int(u, j)), own_start(s, p, at, g, c_int(u, j)),
                         smaller(width - j, lanes));
    block.tile = p->choice->columns_tile;
    block.start = PRODUCT_FROM_Y;
    block.weights = at->weights;
    block.columns = groups * width;
    block.terms = p->pack->terms;
    block.end = c_name(u, r->projected_constant);
    block.x[0] = factor_of(p);
    block.y[0] = group_of(s, p, at, p->group, c_int(u, 0));
    product_emit_block(e, c_scope(b), &block);
    for (unsigned v = 0; v < vectors; v++)
        for (unsigned g = 0; g < groups; g++)
            c_declare(b, e->target->type, arena_printf(e->arena, "%c%s", p->letters[g], suffix_of(s, *number + v)),
                      tile_load(e, group_of(s, p, at, p->group + g, c_int(u, v * lanes))));
    panel_place gates = *at;
    gates.has_inputs = false; /* they are in its row by now */
    const unit_vectors all = {&gates, c_int(u, 0), 0, vectors, units - (vectors - 1) * lanes, *number};
    emit_cells(s, p, b, &all);
    *number += vectors;
}

static bool is_by_columns(const sweep *p, int64_t panel) {
    return p->choice->by_columns && panel == pack_panels(p->pack) - 1;
}

/* All units of a panel; `number` counts vectors, so that unrolled ones have different names. */
static void emit_panel(step *s, const sweep *p, cblock *b, const panel_place *at, unsigned *number) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    if (is_by_columns(p, at->panel)) {
        emit_columns_panel(s, p, b, at, number);
        return;
    }
    unsigned most = p->choice->tile.vectors;
    int64_t lanes = e->target->lanes, units = at->count * pack_units(p->pack, at->panel);
    int64_t whole = units / lanes, partial = units % lanes, groups = whole / most, done = 0;
    unit_vectors of = {.at = at, .vectors = most, .last = lanes};
    if (!p->choice->unroll_units && groups > 1) {
        of.j = c_name(u, "j");
        emit_units(s, p, c_for(b, "j", c_int(u, 0), c_int(u, groups * most * lanes), most * lanes), &of);
        done = groups;
    }
    unsigned rest = (unsigned)(whole - groups * most) + (partial ? 1 : 0);
    bool alone = p->choice->unroll_units || (groups > 0) + (rest > 0) == 1;
    for (; done < groups + (rest > 0); done++) {
        of.j = c_int(u, done * most * lanes);
        of.number = *number;
        if (done == groups) of.vectors = rest;
        if (done == groups && partial) of.last = partial;
        emit_units(s, p, alone ? b : c_scope(b), &of);
        *number += of.vectors;
    }
}

/* The panel's place: pointers to its weights and to its part of the row of gates. */
static panel_place enter_panel(const step *s, const sweep *p, cblock *b, int64_t panel, int64_t count, cexpr *index) {
    cunit *u = s->e->unit;
    panel_place at = {.panel = panel, .count = count, .has_inputs = s->r->c->fused};
    at.unit = c_mul(u, index, c_int(u, p->pack->panel));
    bool first = c_is_int(index, NULL) && panel == 0, by_columns = is_by_columns(p, panel);
    bool declares = !first && !p->choice->unroll_units;
    weight_tables place = weights_at_panel(s->e, b, &p->table, declares ? "w" : NULL, index);
    at.weights = weights_rows(s->e, &place, panel);
    if (at.has_inputs) {
        place = weights_at_panel(s->e, b, &s->tables[RECURRENT_W_IH], declares ? "w_x" : NULL, index);
        at.inputs = weights_rows(s->e, &place, panel);
    }
    bool writes = p->resets || by_columns;
    at.gates = "gates";
    if (first || s->r->c->fused) return at;
    at.gates = p->choice->unroll_units ? arena_printf(s->e->arena, "gates_p%lld", (long long)panel) : "gates_p";
    cexpr *offset = c_mul(u, index, c_int(u, s->r->c->columns * p->pack->panel));
    c_declare(b, writes ? "float *" : "const float *", at.gates, c_at(u, "gates", offset));
    return at;
}

static void emit_sweep(step *s, const sweep *p) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    int64_t panels = pack_panels(p->pack), full = p->pack->units / p->pack->panel, turns = full / p->choice->span;
    unsigned number = 0;
    if (p->choice->unroll_units) {
        if (p->choice->unroll_terms)
            for (int64_t k = 0; k < p->pack->terms; k++)
                vectors_constant(e, s->block, arena_printf(e->arena, "%s_%lld", p->factor, (long long)k),
                                 vectors_call1(e, "splat", c_item(u, p->factor, c_int(u, k))));
        for (int64_t panel = 0; panel < panels;) {
            int64_t count = panel < turns * p->choice->span ? p->choice->span : 1;
            panel_place at = enter_panel(s, p, s->block, panel, count, c_int(u, panel));
            emit_panel(s, p, s->block, &at, &number);
            panel += count;
        }
        s->hidden_count = number;
        return;
    }
    if (turns > 1) {
        const char *name = product_panel_name(p->pack);
        cexpr *i = c_name(u, p->zigzag ? "i" : name);
        cblock *loop = c_for(s->block, c_text(i), c_int(u, 0), c_int(u, turns * p->choice->span), p->choice->span);
        cexpr *last = c_int(u, (turns - 1) * p->choice->span);
        if (p->zigzag) product_declare_part(e, loop, product_panel_name(p->pack), "turn", last);
        panel_place at = enter_panel(s, p, loop, 0, p->choice->span, c_name(u, name));
        emit_panel(s, p, loop, &at, &number);
    }
    for (int64_t panel = turns > 1 ? turns * p->choice->span : 0; panel < panels;) {
        int64_t count = panel < turns * p->choice->span ? p->choice->span : 1,
                units = count * pack_units(p->pack, panel);
        bool all = panel == 0 && count == panels;
        cblock *scope = all ? s->block : c_scope(s->block);
        if (panel) c_comment(scope, "the %s %lld units", panel + count == panels ? "last" : "next", (long long)units);
        panel_place at = enter_panel(s, p, scope, panel, count, c_int(u, panel));
        number = 0;
        emit_panel(s, p, scope, &at, &number);
        panel += count;
    }
}

static sweep make_sweep(const step *s, const choice_sweep *choice, recurrent_table table, const char *factor) {
    return (sweep){.pack = choice->pack,
                  .choice = choice,
                  .table = s->tables[table],
                  .factor = factor,
                  .letters = recurrent_gate_letters(s->r)};
}

/* --- the whole step --- */

static void quantise(const step *s, const char *to, const char *from, const char *count) {
    cunit *u = s->e->unit;
    c_do(s->block, vectors_call3(s->e, "quantise", c_name(u, to), c_name(u, from), c_name(u, count)));
}

static void copy_row(const step *s, const char *to, const char *from) {
    cunit *u = s->e->unit;
    cexpr *bytes = emit_bytes(s->e, c_name(u, s->r->projected_constant), IR_F32);
    c_do(s->block, c_call(u, "memcpy", 3, c_name(u, to), c_name(u, from), bytes));
}

/* h from variables to memory, once all sums are done. */
static void store_variables(const step *s) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes, hidden = s->r->c->hidden;
    /* the narrow last vector of a panel is the last of all: vectors lie one behind the other */
    for (unsigned v = 0; v < s->hidden_count; v++) {
        cexpr *value = c_namef(u, "hidden%s", suffix_of(s, v)), *unit = c_int(u, v * lanes);
        int64_t n = smaller(lanes, hidden - v * lanes);
        tile_store_n(e, s->block, c_at(u, "h", unit), value, n);
        if (s->r->c->has_out) tile_store_n(e, s->block, c_at(u, "out", unit), value, n);
    }
}

static void emit_projection(const step *s) {
    emit_context *e = s->e;
    cunit *u = e->unit;
    const recurrent *r = s->r;
    c_comment(s->block, "h = W_hr (o * %s(c)): [%lld] -> [%lld]", ir_activation_name(r->attrs->activation),
              (long long)r->c->hidden, (long long)r->c->projected);
    product w = {.choice = &r->c->output_product,
                 .table = s->tables[RECURRENT_W_HR],
                 .x = "next",
                 .y = "h",
                 .x_row = c_int(u, 0),
                 .y_row = c_int(u, 0),
                 .rows = c_int(u, 1),
                 .y_columns = 1,
                 .quantised = recurrent_quantised(r->c->output, "q"),
                 .terms_name = r->hidden_constant};
    product_emit(e, s->block, &w);
    if (r->c->has_out) copy_row(s, "out", "h");
}

static const char *step_comment(const recurrent *r) {
    const char *holds = r->c->fused ? "" : "gates holds the input's share, ";
    const char *then = r->c->chained    ? "the new one goes to out."
                       : r->c->has_cell ? "and is updated like c."
                                        : "and is updated.";
    return arena_printf(r->e->arena, "one time step. %sh is the last one, %s", holds, then);
}

/* What it takes. */
static recurrent_callee callee_of(const recurrent *r) {
    const choice_recurrent *c = r->c;
    bool writes_gates = c->resets_before || c->step.by_columns;
    recurrent_callee f = {.name = NULL};
    const char **types = f.types;
    for (int i = c->fused ? RECURRENT_W_IH : RECURRENT_W_HH; i < RECURRENT_TABLES; i++) f.tables[i] = r->tables[i];
    if (c->fused) types[RECURRENT_X] = "const float *";
    if (c->gates_at >= 0) types[RECURRENT_GATES] = writes_gates ? "float *" : "const float *";
    types[RECURRENT_H] = c->chained ? "const float *" : "float *";
    if (c->has_cell) types[RECURRENT_C] = "float *";
    if (c->has_out) types[RECURRENT_OUT] = "float *";
    if (r->attrs->keeps) types[RECURRENT_KEPT] = "float *";
    if (r->attrs->keeps && c->has_cell) types[RECURRENT_CELLS] = "float *";
    if (c->next_at >= 0) types[RECURRENT_NEXT] = "float *";
    if (c->fused && recurrent_quantised(c->input, "q_x")) types[RECURRENT_Q_X] = "float *";
    if (recurrent_quantises_h(r)) types[RECURRENT_Q] = "float *";
    if (c->zigzag) types[RECURRENT_TURN] = "size_t";
    return f;
}

/* Of a GRU that resets before the product, both in a scope of their own: the gates r and z, and then n and h. */
static void emit_two_sweeps(step *s, const sweep *gates) {
    const recurrent *r = s->r;
    cblock *body = s->block;
    c_comment(body, "r, z = gates + W_hh h; next = r * h, z in its place in gates");
    s->block = c_scope(body);
    if (gates->pack->format == FORMAT_INT8) quantise(s, "q", "h", r->projected_constant);
    emit_sweep(s, gates);
    sweep candidate = make_sweep(s, &r->c->candidate_step, RECURRENT_W_HN, "next");
    candidate.letters = "n";
    candidate.group = 2;
    c_comment(body, "n = gates + W_hn (r * h); h = (1 - z) * n + z * h");
    s->block = c_scope(body);
    if (candidate.pack->format == FORMAT_INT8) quantise(s, "q", "next", r->hidden_constant);
    emit_sweep(s, &candidate);
    s->block = body;
}

void recurrent_emit_step(recurrent *r) {
    step s = {.r = r, .e = r->e};
    r->step = callee_of(r);
    cfunction *f = recurrent_begin(r, &r->step, step_comment(r), s.tables);
    s.block = c_body(f);
    sweep all = make_sweep(&s, &r->c->step, RECURRENT_W_HH, "h");
    all.resets = r->c->resets_before;
    all.group = r->c->columns - r->c->gates;
    all.zigzag = r->c->zigzag;
    if (r->c->resets_before) {
        emit_two_sweeps(&s, &all);
    } else {
        if (r->c->fused && r->c->input->format == FORMAT_INT8) quantise(&s, "q_x", "x", r->inputs_constant);
        if (all.pack->format == FORMAT_INT8) quantise(&s, "q", "h", r->projected_constant);
        emit_sweep(&s, &all);
    }
    if (r->c->projects) emit_projection(&s);
    else if (r->c->hidden_place == CHOICE_H_IN_VARIABLES) store_variables(&s);
    else if (r->c->hidden_place == CHOICE_H_IN_NEXT) copy_row(&s, "h", "next");
    recurrent_end(r, f, &r->step, "step");
}
