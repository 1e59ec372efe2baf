/* recurrent: RECURRENT, one layer in one direction: packed weights, the input's share of the gates, the loop
 * over time. The steps themselves are in recurrent_step.c and recurrent_batch.c. */
#include "kernels/recurrent.h"

/* --- weights --- */

static void make_table(recurrent *r, recurrent_table which, const pack *p, const char *comment) {
    arena *a = r->e->arena;
    r->tables[which] = weights_table(r->e, p, arena_printf(a, "%s_%s", r->label, recurrent_table_names[which]),
                                     arena_printf(a, "%s: %s, %s", r->label, comment, pack_order(a, p, "unit")));
}

static const char *gate_order(const recurrent *r) {
    switch (r->attrs->cell) {
    case IR_LSTM: return "i, f, g, o";
    case IR_GRU: return r->c->resets_before ? "r, z, n" : "n, r, z";
    case IR_RNN: break;
    }
    return "all units";
}

static void make_tables(recurrent *r) {
    arena *a = r->e->arena;
    const choice_recurrent *c = r->c;
    const pack *x = c->input, *h = c->hidden_pack;
    long long hidden = c->hidden, inputs = c->inputs, projected = c->projected;
    const char *half = c->halved ? "; sigmoid gates halved" : "";
    make_table(r, RECURRENT_W_IH, x,
               arena_printf(a, "%sW_ih [%u * %lld, %lld], columns %s%s", x->bias_from ? "" : "biases and ", c->gates,
                            hidden, inputs, gate_order(r), half));
    const char *order = r->attrs->cell == IR_GRU ? c->resets_before ? "r, z" : "r, z, n" : gate_order(r);
    make_table(r, RECURRENT_W_HH, h,
               arena_printf(a, "%sW_hh [%u * %lld, %lld], columns %s%s", h->bias_from < h->gates ? "b_hn and " : "",
                            h->gates, hidden, projected, order, half));
    if (c->candidate)
        make_table(r, RECURRENT_W_HN, c->candidate, arena_printf(a, "W_hn [%lld, %lld]", hidden, projected));
    if (c->output) make_table(r, RECURRENT_W_HR, c->output, arena_printf(a, "W_hr [%lld, %lld]", projected, hidden));
}

/* --- products, the input's share first --- */

typedef struct {
    recurrent *r;
    emit_context *e;
    const dim *steps_dim, *batch_dim, *x_t, *x_b;
    cexpr *T, *B;
    int64_t batch; /* -1: known only at run time */
    const char *x, *h, *c, *lengths, *out; /* names in the kernel's function */
} layer;

static cexpr *row_floats(const layer *l) { return c_name(l->e->unit, l->r->row_constant); }

static const dim *input_stride(const layer *l) {
    choice_rows rows = l->r->c->input_rows;
    return rows == CHOICE_ROWS_OF_STEPS || rows == CHOICE_ROWS_OF_STEPS_BY_ROW ? l->x_t : l->x_b;
}

static void emit_input_function(const layer *l) {
    emit_context *e = l->e;
    cunit *u = e->unit;
    recurrent *r = l->r;
    const choice_product *choice = &r->c->input_product;
    int64_t stride;
    recurrent_product p = {
        .comment = arena_printf(e->arena, "the input's share of all gates, gates = %sW_ih x, for rows of x [%lld].",
                                r->c->input->bias_from ? "" : "b_ih + b_hh + ", (long long)r->c->inputs),
        .choice = choice,
        .table = r->tables[RECURRENT_W_IH],
        .x = "x",
        .y = "gates",
        .rows = choice->rows >= 0 ? c_int(u, choice->rows) : NULL,
        .y_row = row_floats(l),
        .y_columns = r->c->columns,
        .terms_name = r->inputs_constant,
        .quantised = recurrent_quantised(r->c->input, "q_x")};
    if (dim_is_const(input_stride(l), &stride)) p.x_row = c_int(u, stride);
    else if (dim_is(l->steps_dim, 1) && l->batch == 1) p.x_row = c_int(u, 0); /* one row */
    if (r->c->input_rows == CHOICE_ROWS_OF_STEPS_BY_ROW)
        p.y_row = l->batch > 0 ? c_mul(u, c_int(u, l->batch), row_floats(l)) : NULL;
    r->input_product = p;
    recurrent_emit_product(r, &r->input_product, "input");
}

static void call_input(const layer *l, cblock *b, cexpr *rows, cexpr *x, cexpr *gates) {
    recurrent_emit_product_call(l->r, b, &l->r->input_product, rows, x, emit_dim(l->e, input_stride(l)), gates,
                 c_mul(l->e->unit, l->B, row_floats(l)));
}

/* gates = the input's share for steps [first, first + steps). */
static void emit_input(const layer *l, cblock *b, cexpr *first, cexpr *steps) {
    emit_context *e = l->e;
    cunit *u = e->unit;
    cexpr *x = c_at(u, l->x, c_mul(u, first, emit_dim(e, l->x_t)));
    cexpr *gates = c_name(u, "gates");
    switch (l->r->c->input_rows) {
    case CHOICE_ROWS_OF_STEPS: call_input(l, b, steps, x, gates); return;
    case CHOICE_ROWS_OF_ALL: call_input(l, b, c_mul(u, steps, l->B), x, gates); return;
    case CHOICE_ROWS_OF_BATCH:
    case CHOICE_ROWS_OF_STEPS_BY_ROW: break;
    }
    bool by_row = l->r->c->input_rows == CHOICE_ROWS_OF_STEPS_BY_ROW;
    int64_t count;
    if (!by_row && c_is_int(steps, &count) && count == 1) {
        call_input(l, b, l->B, x, gates);
        return;
    }
    const char *name = by_row ? "b" : "t";
    cexpr *row = c_name(u, name);
    cblock *loop = c_for(b, name, c_int(u, 0), by_row ? l->B : steps, 1);
    if (!by_row) {
        call_input(l, loop, l->B, c_add(u, x, c_mul(u, row, emit_dim(e, l->x_t))),
                   c_add(u, gates, c_mul(u, c_mul(u, row, l->B), row_floats(l))));
        return;
    }
    call_input(l, loop, steps, c_add(u, x, c_mul(u, row, emit_dim(e, l->x_b))),
               c_add(u, gates, c_mul(u, row, row_floats(l))));
}

/* --- steps --- */

/* From one row to the next of h (the second result), c (the third) or out (the first). */
static const dim *row_stride(const layer *l, unsigned result) {
    return l->r->k->results[result].view.strides[result == 0 ? 1 : 0];
}

static cexpr *row_of(const layer *l, unsigned result, cexpr *row) {
    cunit *u = l->e->unit;
    return c_at(u, result == 1 ? l->h : l->c, c_mul(u, row, emit_dim(l->e, row_stride(l, result))));
}

/* The address of row `row` of a result that has all steps, at step `time`. */
static cexpr *step_of(const layer *l, unsigned result, cexpr *time, cexpr *row) {
    cunit *u = l->e->unit;
    const plan_operand *o = &l->r->k->results[result];
    return c_add(u, c_at(u, o->name, c_mul(u, time, emit_dim(l->e, o->view.strides[0]))),
                 c_mul(u, row, emit_dim(l->e, o->view.strides[1])));
}

static cexpr *out_at(const layer *l, cexpr *time, cexpr *row) { return step_of(l, 0, time, row); }

/* Is the last h in the row of out before? */
static bool passes_on(const layer *l) { return l->r->c->chained && !dim_is(l->steps_dim, 1); }

/* What a function of a step does to row `row`, at step `time` (of the view; `within` in this chunk). */
static void call_for_row(const layer *l, cblock *b, const recurrent_callee *f, cexpr *time, cexpr *within, cexpr *row) {
    emit_context *e = l->e;
    cunit *u = e->unit;
    const recurrent *r = l->r;
    cexpr *values[RECURRENT_PARAMETERS] = {
        [RECURRENT_X] = c_at(u, l->x, c_mul(u, time, emit_dim(e, l->x_t))),
        [RECURRENT_GATES] = c_at(u, "gates", c_mul(u, c_add(u, c_mul(u, within, l->B), row), row_floats(l))),
        [RECURRENT_SUMS] = c_at(u, "sums", c_mul(u, row, c_name(u, r->sums_constant))),
        [RECURRENT_H] = passes_on(l) ? c_name(u, "last") : row_of(l, 1, row),
        [RECURRENT_NEXT] = c_at(u, "next", c_mul(u, row, c_int(u, r->c->next_row))),
        [RECURRENT_Q_X] = c_name(u, "q_x"),
        [RECURRENT_Q] = c_name(u, "q"),
        [RECURRENT_TURN] = c_name(u, "turn")};
    if (r->c->has_cell) values[RECURRENT_C] = row_of(l, 2, row);
    if (r->c->has_out) values[RECURRENT_OUT] = out_at(l, time, row);
    if (r->attrs->keeps) values[RECURRENT_KEPT] = step_of(l, ir_kept_from(r->k->node), time, row);
    if (r->attrs->keeps && r->c->has_cell)
        values[RECURRENT_CELLS] = step_of(l, ir_kept_from(r->k->node) + 1, time, row);
    recurrent_emit_call(r, b, f, values);
}

/* One row, whose function does all of a step. */
static void call_step(const layer *l, cblock *b, cexpr *time, cexpr *within) {
    cunit *u = l->e->unit;
    call_for_row(l, b, &l->r->step, time, within, c_int(u, 0));
    if (l->r->c->zigzag && !l->r->c->fused) c_assign(b, c_name(u, "turn"), "+=", c_int(u, 1));
}

/* out = 0 past a sequence's end. */
static void emit_zero_out(const layer *l, cblock *b, cexpr *time, cexpr *row) {
    cunit *u = l->e->unit;
    cexpr *bytes = emit_bytes(l->e, c_name(u, l->r->projected_constant), IR_F32);
    c_do(b, c_call(u, "memset", 3, out_at(l, time, row), c_int(u, 0), bytes));
}

/* What follows happens to a row only while step `time` is within its length; past it, `ended` of out is zero. */
static cblock *emit_within_length(const layer *l, cblock *b, cexpr *time, cexpr *row, bool ended) {
    emit_context *e = l->e;
    cunit *u = e->unit;
    if (!l->lengths) return b;
    cexpr *at[] = {row};
    cexpr *length = emit_element(e, l->lengths, &l->r->k->inputs[IR_REC_LENGTHS].view, at);
    cexpr *done = l->r->k->start ? c_add(u, c_name(u, "start"), time) : time;
    cblock *within = c_if(b, c_binary(u, "<", done, c_cast(u, "size_t", length)));
    if (ended && l->r->c->has_out) emit_zero_out(l, c_else(b), time, row);
    return within;
}

/* sums = W x */
static void call_batch_product(const layer *l, cblock *b, const recurrent_product *p, const char *x) {
    cunit *u = l->e->unit;
    cexpr *sums = c_name(u, "sums"), *row = emit_dim(l->e, row_stride(l, 1));
    recurrent_emit_product_call(l->r, b, p, l->B, c_name(u, x), row, sums, NULL);
}

static void copy_floats(const layer *l, cblock *b, cexpr *to, cexpr *from) {
    cunit *u = l->e->unit;
    cexpr *bytes = emit_bytes(l->e, c_name(u, l->r->projected_constant), IR_F32);
    c_do(b, c_call(u, "memcpy", 3, to, from, bytes));
}

/* A loop over the rows of a batch. */
static cblock *each_row(const layer *l, cblock *b) {
    cblock *loop = c_for(b, "b", c_int(l->e->unit, 0), l->B, 1);
    if (l->r->c->one_by_one) tile_load_anew(l->e, loop, "b");
    return loop;
}

/* The sums of all rows, then row by row what becomes of them. */
static void emit_batch_step(const layer *l, cblock *b, cexpr *time, cexpr *within) {
    cunit *u = l->e->unit;
    const recurrent *r = l->r;
    cexpr *row = c_name(u, "b");
    call_batch_product(l, b, &r->hidden_product, l->h);
    if (r->c->zigzag) c_assign(b, c_name(u, "turn"), "+=", c_int(u, 1));
    if (r->c->resets_before) {
        call_for_row(l, each_row(l, b), &r->reset, time, within, row);
        call_batch_product(l, b, &r->candidate_product, "next");
    }
    cblock *loop = emit_within_length(l, each_row(l, b), time, row, !r->c->projects);
    call_for_row(l, loop, &r->cells, time, within, row);
    if (!r->c->projects) return;
    call_batch_product(l, b, &r->output_product, "next");
    loop = emit_within_length(l, each_row(l, b), time, row, true);
    cexpr *h = c_at(u, "sums", c_mul(u, row, c_name(u, r->sums_constant)));
    copy_floats(l, loop, row_of(l, 1, row), h);
    if (r->c->has_out) copy_floats(l, loop, out_at(l, time, row), h);
}

/* One time step of the whole batch. */
static void emit_time_step(const layer *l, cblock *b, cexpr *time, cexpr *within) {
    cunit *u = l->e->unit;
    if (!l->r->c->one_row) {
        emit_batch_step(l, b, time, within);
        return;
    }
    call_step(l, emit_within_length(l, b, time, c_int(u, 0), true), time, within);
    if (passes_on(l)) c_assign(b, c_name(u, "last"), "=", out_at(l, time, c_int(u, 0)));
}

/* Steps [first, first + steps) in the layer's direction, one after another. */
static void emit_steps(const layer *l, cblock *b, cexpr *first, cexpr *steps) {
    emit_context *e = l->e;
    cunit *u = e->unit;
    bool reverse = l->r->attrs->reverse;
    int64_t count;
    if (c_is_int(steps, &count) && (count == 1 || l->r->c->unroll_steps)) {
        for (int64_t i = 0; i < count; i++) {
            int64_t t = reverse ? count - 1 - i : i;
            emit_time_step(l, b, c_add(u, first, c_int(u, t)), c_int(u, t));
        }
        return;
    }
    const char *name = "t";
    cexpr *t = c_name(u, name);
    cblock *loop = reverse ? c_for_down(b, name, steps) : c_for(b, name, c_int(u, 0), steps, 1);
    emit_time_step(l, loop, c_add(u, first, t), t);
}

/* --- the layer --- */

static const char *used_name(const plan_operand *o) { return o->kind == PLAN_MEMORY ? o->name : NULL; }

static layer begin_layer(emit_context *e, const plan_kernel *k, recurrent *r) {
    const plan_view *x = &k->inputs[IR_REC_X].view;
    layer l = {.r = r,
               .e = e,
               .steps_dim = x->type.dims[0],
               .batch_dim = x->type.dims[1],
               .x_t = x->strides[0],
               .x_b = x->strides[1],
               .batch = -1};
    l.T = emit_dim(e, l.steps_dim);
    l.B = emit_dim(e, l.batch_dim);
    c_is_int(l.B, &l.batch);
    l.x = k->inputs[IR_REC_X].name;
    l.lengths = used_name(&k->inputs[IR_REC_LENGTHS]);
    l.out = used_name(&k->results[0]);
    l.h = k->results[1].name;
    if (r->c->has_cell) l.c = k->results[2].name;
    return l;
}

static void make_functions(layer *l) {
    emit_context *e = l->e;
    recurrent *r = l->r;
    int64_t h_row;
    if (!r->c->fused) emit_input_function(l);
    if (r->c->one_row) recurrent_emit_step(r);
    else recurrent_emit_batch(r, dim_is_const(row_stride(l, 1), &h_row) ? c_int(e->unit, h_row) : NULL);
}

/* A number that functions of this shape name. */
static const char *new_constant(const recurrent *r, const char *what, int64_t value) {
    const char *key = arena_printf(r->e->arena, "constant %s %s %lld", r->shape, what, (long long)value);
    /* run, eval and the training functions of a model share their functions, which they can if these name the same */
    cexpr **made = r->c->shared || r->e->trains ? emit_once_in_file(r->e, "%s", key) : emit_once(r->e, "%s", key);
    if (*made) return c_text(*made);
    const char *name = emit_name(r->e, "%s_%s", r->shape, what);
    c_enum_constant(r->e->unit, name, value);
    *made = c_name(r->e->unit, name);
    return name;
}

static void name_shape(recurrent *r) {
    static const char *const cells[] = {"RNN", "LSTM", "GRU"};
    arena *a = r->e->arena;
    long long hidden = r->c->hidden, projected = r->c->projected;
    r->shape = r->title = r->label;
    if (!r->c->shared) return;
    r->shape = arena_printf(a, "%s_%lld", ir_cell_name(r->attrs->cell), hidden);
    r->title = arena_printf(a, "%s of %lld units", cells[r->attrs->cell], hidden);
    if (!r->c->projects) return;
    r->shape = arena_printf(a, "%s_%lld", r->shape, projected);
    r->title = arena_printf(a, "%s projected to %lld", r->title, projected);
}

/* All steps, as many at a time as the choice says. */
static void emit_chunks(const layer *l, cblock *b) {
    emit_context *e = l->e;
    cunit *u = e->unit;
    const recurrent *r = l->r;
    int64_t chunk = r->c->steps, T = -1;
    if (r->c->fused) {
        emit_steps(l, b, c_int(u, 0), l->T);
        return;
    }
    bool constant = c_is_int(l->T, &T);
    if (dim_max(l->steps_dim) <= chunk) {
        if (T != 1) c_comment(b, "the input's share of the gates for all steps, then step by step");
        emit_input(l, b, c_int(u, 0), l->T);
        emit_steps(l, b, c_int(u, 0), l->T);
        return;
    }
    if (chunk == 1) c_comment(b, "step by step: the input's share, then the step");
    else c_comment(b, "%lld steps at a time: the input's share for all of them, then step by step", (long long)chunk);
    cblock *loop = c_for(b, "done", c_int(u, 0), l->T, chunk);
    cexpr *done = c_name(u, "done"), *steps = c_int(u, chunk), *first = done;
    if (chunk > 1 && (!constant || T % chunk)) {
        cexpr *left = c_sub(u, l->T, done);
        c_declare(loop, "const size_t", "steps", c_smaller(u, left, c_int(u, chunk)));
        steps = c_name(u, "steps");
    }
    if (r->attrs->reverse) {
        c_declare(loop, "const size_t", "first", c_sub(u, c_sub(u, l->T, done), steps));
        first = c_name(u, "first");
    }
    emit_input(l, loop, first, steps);
    emit_steps(l, loop, first, steps);
}

static void declare_work(const layer *l, cblock *b, const char *name, int64_t at) {
    cunit *u = l->e->unit;
    if (at >= 0) c_declare(b, "float *", name, c_at(u, "work", c_int(u, at)));
}

void emit_recurrent(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    recurrent *r = ARENA_NEW(e->arena, recurrent);
    r->e = e;
    r->k = k;
    r->attrs = &k->node->attrs;
    r->c = &emit_choice(e, k)->recurrent;
    r->label = k->node->label;
    make_tables(r);
    name_shape(r);
    r->inputs_constant = new_constant(r, "INPUTS", r->c->inputs);
    r->hidden_constant = r->projected_constant = new_constant(r, "HIDDEN", r->c->hidden);
    if (r->c->projects) r->projected_constant = new_constant(r, "PROJ", r->c->projected);
    r->row_constant = r->sums_constant = new_constant(r, "GATES", r->c->gates_row);
    if (!r->c->one_row && r->c->sums_row != r->c->gates_row) r->sums_constant = new_constant(r, "SUMS", r->c->sums_row);
    c_top_blank(u);
    layer l = begin_layer(e, k, r);
    make_functions(&l);

    cblock *b = c_body(f);
    declare_work(&l, b, "gates", r->c->gates_at);
    declare_work(&l, b, "sums", r->c->sums_at);
    declare_work(&l, b, "next", r->c->next_at);
    declare_work(&l, b, "q_x", r->c->quantised_x_at);
    declare_work(&l, b, "q", r->c->quantised_at);
    if (r->c->fused && dim_is(l.steps_dim, 1)) {
        call_step(&l, b, c_int(u, 0), c_int(u, 0));
        if (r->c->chained) copy_floats(&l, b, c_name(u, l.h), c_name(u, l.out));
        return;
    }
    if (r->c->chained) c_declare(b, "const float *", "last", c_name(u, l.h));
    if (r->c->zigzag) c_declare(b, "size_t", "turn", c_int(u, 0));
    emit_chunks(&l, b);
    if (r->c->chained) copy_floats(&l, b, c_name(u, l.h), c_name(u, "last"));
}
