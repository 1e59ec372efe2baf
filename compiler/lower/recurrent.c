/* recurrent: RNN, LSTM, GRU and their cells. A module of several layers and directions becomes one RECURRENT node for
 * each of them; its states are cut into theirs and put together again. */
#include "ir/function.h"
#include "lower/lowering.h"

/* --- constructors ------------------------------------------------------------------------------------------------ */

static size_t position_of(const arguments *a, const char *name) {
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->parameters[i].name, name) == 0) return i;
    return NOWHERE;
}

static bool given(const arguments *a, const char *name) {
    size_t i = position_of(a, name);
    return i != NOWHERE && args_has(a, i);
}

static bool flag(const arguments *a, const char *name, bool otherwise) {
    size_t i = position_of(a, name);
    return i == NOWHERE ? otherwise : args_bool(a, i, otherwise);
}

/* Keras's names and default parameters where they are not torch's; the other activations have torch's. */
static const struct {
    const char *name;
    ir_activation activation;
} keras_activations[] = {
    {"linear", {IR_LINEAR_ACTIVATION, {0, 0}}},
    {"leaky_relu", {IR_LEAKY_RELU, {0.2, 0}}},
    {"hard_sigmoid", {IR_HARD_SIGMOID, {0, 0}}},
    {"exponential", {IR_EXP, {0, 0}}},
    {"gelu", {IR_GELU, {0, 0}}},
    {"swish", {IR_SILU, {0, 0}}},
};

enum { KERAS_ACTIVATIONS = sizeof keras_activations / sizeof *keras_activations };

/* A function is an activation where torch.nn has a module of it, which can be made without arguments. */
static bool is_activation(ir_op op) {
    const ir_function *f = ir_function_of(op);
    return f && f->module && f->parameters[0].domain != IR_GIVEN;
}

static bool activation_of(const char *name, ir_activation *out) {
    for (size_t i = 0; i < KERAS_ACTIVATIONS; i++) {
        if (strcmp(keras_activations[i].name, name) != 0) continue;
        *out = keras_activations[i].activation;
        return true;
    }
    ir_op op = ir_function_find(name);
    if (!is_activation(op)) return false;
    *out = (ir_activation){.function = op};
    for (unsigned i = 0; i < IR_FUNCTION_PARAMETERS; i++) out->scalar[i] = ir_function_of(op)->parameters[i].otherwise;
    return true;
}

static bool no_activation(lowering *l, const arguments *a, size_t i) {
    const char *candidates[KERAS_ACTIVATIONS + IR_OP_COUNT], *wanted = a->values[i].string;
    size_t count = 0;
    for (size_t k = 0; k < KERAS_ACTIVATIONS; k++) candidates[count++] = keras_activations[k].name;
    for (unsigned op = 0; op < IR_OP_COUNT; op++)
        if (is_activation((ir_op)op) && op != IR_LEAKY_RELU) candidates[count++] = ir_function_of((ir_op)op)->name;
    diag *e = diag_error(l->diags, args_where(a, i), "there is no %s \"%.40s\"", a->parameters[i].name, wanted);
    const char *nearest = diag_nearest(wanted, candidates, count);
    if (nearest) {
        diag_hint(e, "did you mean \"%s\"?", nearest);
        return false;
    }
    text t = text_new(l->arena);
    for (size_t k = 0; k < count; k++) text_printf(&t, "%s%s", k ? ", " : "", candidates[k]);
    diag_note_plain(e, "there are %s", text_string(&t));
    return false;
}

/* By its Keras name, or torch's; false after reporting. */
static bool find_activation(lowering *l, const arguments *a, const char *name, ir_op otherwise, ir_activation *out) {
    *out = (ir_activation){.function = otherwise};
    if (!given(a, name)) return true;
    size_t i = position_of(a, name);
    return activation_of(a->values[i].string, out) || no_activation(l, a, i);
}

/* nonlinearity and activation of an RNN are two words for one thing. */
static bool find_activations(lowering *l, layer *self, const arguments *a) {
    bool rnn = self->kind->cell == IR_RNN;
    size_t n = position_of(a, "nonlinearity");
    if (!find_activation(l, a, "activation", IR_TANH, &self->as.recurrent.activation)) return false;
    if (!find_activation(l, a, "recurrent_activation", rnn ? IR_LINEAR_ACTIVATION : IR_SIGMOID,
                         &self->as.recurrent.recurrent_activation))
        return false;
    if (!rnn) return true;
    if (given(a, "recurrent_activation")) {
        diag_error(l->diags, args_where(a, position_of(a, "recurrent_activation")),
                   "an RNN has no gates, so it has no recurrent_activation");
        return false;
    }
    if (n == NOWHERE || !args_has(a, n)) return true;
    if (given(a, "activation")) {
        diag *e = diag_error(l->diags, args_where(a, position_of(a, "activation")),
                             "nonlinearity and activation of an RNN are the same thing; give one of them");
        diag_note(e, args_where(a, n), "nonlinearity is given here");
        return false;
    }
    const char *word = a->values[n].string;
    bool relu = strcmp(word, "relu") == 0;
    self->as.recurrent.activation.function = relu ? IR_RELU : IR_TANH;
    if (relu || strcmp(word, "tanh") == 0) return true;
    diag *e = diag_error(l->diags, args_where(a, n), "nonlinearity of %s is \"tanh\" or \"relu\", found \"%.40s\"",
                         a->what, word);
    if (!self->kind->is_cell) diag_hint(e, "activation= takes others");
    return false;
}

/* The weights of one layer in one direction; the suffix is "_l0", "_l1_reverse", or "" for a cell. */
static bool declare_weights(lowering *l, layer *self, int64_t input, const char *suffix) {
    int64_t hidden = self->as.recurrent.hidden, projected = self->as.recurrent.projected;
    int64_t rows = (int64_t)ir_cell_gates(self->kind->cell) * hidden;
    const struct {
        const char *name;
        bool there;
        unsigned rank;
        int64_t sizes[2];
    } weights[] = {
        {"weight_ih", true, 2, {rows, input}},
        {"weight_hh", true, 2, {rows, projected}},
        {"bias_ih", self->as.recurrent.bias, 1, {rows, 0}},
        {"bias_hh", self->as.recurrent.bias, 1, {rows, 0}},
        {"weight_hr", projected != hidden, 2, {projected, hidden}},
    };
    bool fine = true;
    for (size_t i = 0; i < sizeof weights / sizeof *weights && fine; i++) {
        const char *name = arena_printf(l->arena, "%s%s", weights[i].name, suffix);
        if (weights[i].there) fine = layer_declare_weight(l, self, name, weights[i].sizes, weights[i].rank);
    }
    return fine;
}

static const char *suffix_of(lowering *l, int64_t k, bool reverse) {
    return arena_printf(l->arena, "_l%lld%s", (long long)k, reverse ? "_reverse" : "");
}

bool recurrent_construct(lowering *l, layer *self, const arguments *a) {
    enum { MOST_LAYERS = 1000 };
    size_t proj = position_of(a, "proj_size"), dropout = position_of(a, "dropout");
    int64_t input = args_integer(a, 0, 0), hidden = args_integer(a, 1, 0), layers = args_integer(a, 2, 1);
    int64_t projected = proj == NOWHERE ? 0 : args_integer(a, proj, 0);
    bool fine = layer_at_least(l, a, 0, input, 1);
    fine = layer_at_least(l, a, 1, hidden, 1) && fine;
    fine = layer_at_least(l, a, 2, layers, 1) && fine;
    if (fine && layers > MOST_LAYERS) {
        diag_error(l->diags, args_where(a, 2), "num_layers of %s is too large: %lld", a->what, (long long)layers);
        fine = false;
    }
    double p = args_real(a, dropout, 0.0);
    if (p < 0 || p > 1) {
        diag_error(l->diags, args_where(a, dropout), "dropout of %s must be between 0 and 1, found %g", a->what, p);
        fine = false;
    }
    if (projected && self->kind->cell != IR_LSTM) {
        diag_error(l->diags, args_where(a, proj), "only an LSTM has a proj_size");
        fine = false;
    } else if (projected && fine && (projected < 0 || projected >= hidden)) {
        diag_error(l->diags, args_where(a, proj),
                   "proj_size of LSTM must be smaller than hidden_size, %lld, found %lld", (long long)hidden,
                   (long long)projected);
        fine = false;
    }
    if (!find_activations(l, self, a) || !fine) return false;
    self->as.recurrent.input = input;
    self->as.recurrent.hidden = hidden;
    self->as.recurrent.projected = projected ? projected : hidden;
    self->as.recurrent.dropout = p;
    self->as.recurrent.layers = layers;
    self->as.recurrent.bias = flag(a, "bias", true);
    self->as.recurrent.batch_first = flag(a, "batch_first", false);
    self->as.recurrent.bidirectional = flag(a, "bidirectional", false);
    self->as.recurrent.reverse = flag(a, "reverse", false);
    if (self->as.recurrent.reverse && self->as.recurrent.bidirectional) {
        diag *e = diag_error(l->diags, args_where(a, position_of(a, "reverse")),
                             "a bidirectional %s has a reverse direction already", a->what);
        diag_hint(e, "reverse=True is for one direction alone, from the last step to the first");
        return false;
    }
    self->as.recurrent.reset_after = self->kind->cell == IR_GRU && flag(a, "reset_after", true);
    int directions = self->as.recurrent.bidirectional ? 2 : 1;
    for (int64_t k = 0; k < layers; k++) {
        for (int d = 0; d < directions; d++)
            if (!declare_weights(l, self, input, suffix_of(l, k, d == 1))) return false;
        input = directions * self->as.recurrent.projected;
    }
    return true;
}

bool cell_construct(lowering *l, layer *self, const arguments *a) {
    int64_t input = args_integer(a, 0, 0), hidden = args_integer(a, 1, 0);
    bool fine = layer_at_least(l, a, 0, input, 1);
    fine = layer_at_least(l, a, 1, hidden, 1) && fine;
    if (!find_activations(l, self, a) || !fine) return false;
    self->as.recurrent.input = input;
    self->as.recurrent.hidden = self->as.recurrent.projected = hidden;
    self->as.recurrent.layers = 1;
    self->as.recurrent.bias = flag(a, "bias", true);
    self->as.recurrent.reset_after = self->kind->cell == IR_GRU;
    return declare_weights(l, self, input, "");
}

/* --- what a call is given ---------------------------------------------------------------------------------------- */

static ir_type state_type(lowering *l, const layer *self, const dim *batch, bool is_c) {
    int64_t rows = self->as.recurrent.layers * (self->as.recurrent.bidirectional ? 2 : 1);
    ir_type t = {.dtype = IR_F32};
    if (!self->kind->is_cell) t.dims[t.rank++] = build_dim(l, rows);
    if (batch) t.dims[t.rank++] = batch;
    t.dims[t.rank++] = build_dim(l, is_c ? self->as.recurrent.hidden : self->as.recurrent.projected);
    return t;
}

/* The batch size if batch_first were the other way round, or NULL. */
static const dim *other_batch(const layer *self, const ir_value *x) {
    if (self->kind->is_cell || x->type.rank != 3) return NULL;
    return x->type.dims[self->as.recurrent.batch_first ? 1 : 0];
}

static void hint_batch_first(diag *e, const layer *self) {
    if (self->as.recurrent.batch_first)
        diag_hint(e, "it fits when the input is read as [T, B, I]: leave out batch_first=True");
    else diag_hint(e, "it fits when the input is read as [B, T, I]: batch_first=True");
}

static bool state_fits(lowering *l, const layer *self, const arguments *a, const dim *batch, bool is_c, const value *v,
                       const ast_expr *written) {
    ir_type want = state_type(l, self, batch, is_c), swapped;
    const ir_type *found = &v->tensor->type;
    if (ir_type_same(found, &want)) return true;
    span where = written ? written->where : args_where(a, 1);
    diag *e = diag_error(l->diags, where, "%s of %s %s must be %s, found %s", is_c ? "the state c" : "the state h",
                         self->kind->name, self->name, type_show(l, &want), type_show(l, found));
    note_value(l, e, written, v, where);
    note_argument(l, e, a, 0, where);
    diag_note(e, self->where, "%s is %s", self->name, self->source);
    const dim *other = other_batch(self, args_tensor(a, 0));
    ir_type turned = want;
    if (want.rank == 3) {
        turned.dims[0] = want.dims[1];
        turned.dims[1] = want.dims[0];
    }
    if (other) swapped = state_type(l, self, other, is_c);
    ir_type without_batch = state_type(l, self, NULL, is_c);
    if (ir_type_same(found, &turned))
        diag_hint(e, "states are [num_layers * num_directions, B, H]%s",
                  self->as.recurrent.batch_first ? ", with batch_first too" : "");
    else if (other && ir_type_same(found, &swapped)) hint_batch_first(e, self);
    else if (batch && found->rank == without_batch.rank)
        diag_hint(e, "the input has a batch dim, so the states need one too");
    else if (!batch && found->rank == without_batch.rank + 1)
        diag_hint(e, "the input has no batch dim, so the states have none either");
    else if (!self->kind->is_cell && found->rank == want.rank && !dim_same(found->dims[0], want.dims[0]))
        diag_hint(e, "the first dim of a state is num_layers * num_directions = %s",
                  dim_short(l->arena, want.dims[0]));
    return false;
}

/* The states that argument 1 holds: h, and c for an LSTM; both NULL when none are given. False after reporting. */
static bool states_of(lowering *l, const layer *self, const arguments *a, const dim *batch, ir_value **h,
                      ir_value **c) {
    *h = *c = NULL;
    if (!args_has(a, 1)) return true;
    const value *v = &a->values[1];
    const ast_expr *written = args_written(a, 1);
    bool lstm = self->kind->cell == IR_LSTM;
    bool pair =
        v->kind == VALUE_TUPLE && v->count == 2 && v->items[0].kind == VALUE_TENSOR && v->items[1].kind == VALUE_TENSOR;
    if (lstm ? !pair : v->kind != VALUE_TENSOR) {
        diag *e = diag_error(l->diags, written->where, "the state of %s %s is %s, found %s", self->kind->name,
                             self->name, lstm ? "two tensors, (h, c)" : "one tensor, h", value_show(l, v));
        note_value(l, e, written, v, written->where);
        diag_note(e, self->where, "%s is %s", self->name, self->source);
        if (v->gives && v->kind == VALUE_TUPLE)
            diag_hint(e, "it is the second part of what the layer gives: out, states = …");
        else if (pair) diag_hint(e, "only an LSTM has a c");
        else if (lstm && v->kind == VALUE_TENSOR) diag_hint(e, "write %s(…, (h, c))", self->name);
        return false;
    }
    if (!lstm) {
        *h = v->tensor;
        return state_fits(l, self, a, batch, false, v, written);
    }
    *h = v->items[0].tensor;
    *c = v->items[1].tensor;
    bool literal = written->kind == AST_TUPLE;
    ir_type h_type = state_type(l, self, batch, false), c_type = state_type(l, self, batch, true);
    if (!ir_type_same(&h_type, &c_type) && ir_type_same(&(*h)->type, &c_type) && ir_type_same(&(*c)->type, &h_type)) {
        diag *e = diag_error(l->diags, written->where, "the states of LSTM %s are (h, c) = (%s, %s), found %s",
                             self->name, type_show(l, &h_type), type_show(l, &c_type), value_show(l, v));
        note_value(l, e, written, v, written->where);
        diag_note(e, self->where, "%s is %s", self->name, self->source);
        diag_hint(e, "they are swapped: h comes first, c second");
        return false;
    }
    bool fine = state_fits(l, self, a, batch, false, &v->items[0], literal ? written->items : written);
    return state_fits(l, self, a, batch, true, &v->items[1], literal ? written->items->next : written) && fine;
}

static bool lengths_fit(lowering *l, const layer *self, const arguments *a, const dim *batch) {
    if (!args_has(a, 2)) return true;
    span where = args_where(a, 2);
    ir_value *lengths = args_tensor(a, 2);
    if (!batch) {
        diag *e = diag_error(l->diags, where, "lengths need a batch: the input has none");
        note_argument(l, e, a, 0, where);
        return false;
    }
    ir_type want = {.dtype = IR_I32, .rank = 1, .dims = {batch}}, swapped = want;
    if (!ir_type_same(&lengths->type, &want)) {
        diag *e = layer_shape_error(l, self, a, 2, type_show(l, &want));
        note_argument(l, e, a, 0, where);
        swapped.dims[0] = other_batch(self, args_tensor(a, 0));
        if (ir_type_same(&lengths->type, &swapped)) hint_batch_first(e, self);
        return false;
    }
    return true;
}

/* The last dim, and the number of dims, of the input. */
static bool input_fits(lowering *l, const layer *self, const arguments *a) {
    const ir_type *x = &args_tensor(a, 0)->type;
    int64_t input = self->as.recurrent.input;
    unsigned least = self->kind->is_cell ? 1 : 2;
    if (!layer_wants_float(l, self, a)) return false;
    if ((x->rank == least || x->rank == least + 1) && dim_is(x->dims[x->rank - 1], input)) return true;
    const char *batched = self->kind->is_cell ? "B" : self->as.recurrent.batch_first ? "B, T" : "T, B";
    const char *expected = arena_printf(l->arena, "float32[%s, %lld], or float32[%s%lld] without a batch", batched,
                                        (long long)input, self->kind->is_cell ? "" : "T, ", (long long)input);
    diag *e = layer_shape_error(l, self, a, 0, expected);
    for (unsigned i = 0; i + 1 < x->rank && x->rank <= least + 1; i++) {
        if (!dim_is(x->dims[i], input)) continue;
        diag_hint(e, "the features come last: transpose(…, %u, -1)", i);
        return false;
    }
    if (!self->kind->is_cell && x->rank == 1 && dim_is(x->dims[0], input))
        diag_hint(e, "unsqueeze(…, 0) is a sequence of one step; %sCell takes a step as it is", self->kind->name);
    if (self->kind->is_cell && x->rank == 3 && dim_is(x->dims[2], input))
        diag_hint(e, "a cell takes one step, x[0]; %s goes over all of them",
                  self->kind->cell == IR_LSTM  ? "an LSTM"
                  : self->kind->cell == IR_GRU ? "a GRU"
                                               : "an RNN");
    return false;
}

/* --- nodes ------------------------------------------------------------------------------------------------------- */

/* One layer in one direction on x[T, B, I]; h and c are [B, P] and [B, H], or NULL. */
static ir_node *add_recurrent(lowering *l, const layer *self, ir_value *x, ir_value *h, ir_value *c, ir_value *lengths,
                              const char *suffix, bool reverse, span where) {
    ir_value *inputs[IR_REC_INPUTS] = {[IR_REC_X] = x, [IR_REC_H0] = h, [IR_REC_C0] = c, [IR_REC_LENGTHS] = lengths};
    const struct {
        unsigned input;
        const char *name;
        bool there;
    } weights[] = {
        {IR_REC_W_IH, "weight_ih", true},
        {IR_REC_W_HH, "weight_hh", true},
        {IR_REC_B_IH, "bias_ih", self->as.recurrent.bias},
        {IR_REC_B_HH, "bias_hh", self->as.recurrent.bias},
        {IR_REC_W_HR, "weight_hr", self->as.recurrent.projected != self->as.recurrent.hidden},
    };
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        const char *name = arena_printf(l->arena, "%s%s", weights[i].name, suffix);
        if (weights[i].there) inputs[weights[i].input] = layer_weight(l, self, name);
    }
    ir_node *n = build_node(l, IR_RECURRENT, inputs, IR_REC_INPUTS, where);
    bool only_one = self->as.recurrent.layers == 1 && !self->as.recurrent.bidirectional;
    n->label = only_one ? self->label : arena_printf(l->arena, "%s%s", self->label, suffix);
    n->source = self->source;
    n->attrs.cell = self->kind->cell;
    n->attrs.activation = self->as.recurrent.activation;
    n->attrs.recurrent_activation = self->as.recurrent.recurrent_activation;
    n->attrs.reset_after = self->as.recurrent.reset_after;
    n->attrs.reverse = reverse;
    const dim *steps = x->type.dims[0], *batch = x->type.dims[1];
    const dim *hidden = build_dim(l, self->as.recurrent.hidden);
    const dim *projected = build_dim(l, self->as.recurrent.projected);
    n->results[0]->type = (ir_type){.rank = 3, .dims = {steps, batch, projected}};
    n->results[1]->type = (ir_type){.rank = 2, .dims = {batch, projected}};
    if (self->kind->cell == IR_LSTM) n->results[2]->type = (ir_type){.rank = 2, .dims = {batch, hidden}};
    else n->result_count = 2;
    return n;
}

/* Row k of [rows, B, H], or of [rows, H] without a batch, as [B, H]. */
static ir_value *state_row(lowering *l, ir_value *state, int64_t k, span where) {
    if (!state) return NULL;
    const ir_type *t = &state->type;
    const dim *one = build_dim(l, 1);
    ir_value *row = build_slice(l, state, 0, build_dim(l, k), one, 1, where);
    return t->rank == 2 ? row : build_reshape(l, row, &t->dims[1], 2, where);
}

/* The rows [B, H] as [rows, B, H], or as [rows, H] without a batch (where B is 1). */
static ir_value *join_rows(lowering *l, ir_value *const *rows, unsigned count, bool batched, span where) {
    ir_value *all = build_cat(l, rows, count, 0, where);
    if (!batched) return all;
    const ir_type *t = &rows[0]->type;
    return build_reshape(l, all, (const dim *const[]){build_dim(l, (int64_t)count), t->dims[0], t->dims[1]}, 3, where);
}

/* The reshape that takes the batch dim away again stands where the call does. */
bool recurrent_is_unbatched(const ir_value *v) {
    const ir_node *n = v->producer;
    if (n->op != IR_RESHAPE || v->type.rank > 2) return false;
    const ir_node *from = n->inputs[0]->producer;
    if (from->op == IR_CAT) from = from->inputs[0]->producer;
    return from->op == IR_RECURRENT && from->where.begin == n->where.begin && from->where.end == n->where.end;
}

static value pair_of(lowering *l, const value *first, const value *second, const char *gives, const char *mend,
                     span where) {
    value v = value_tuple(l, (const value[]){*first, *second}, 2, where);
    v.gives = gives;
    v.mend = mend;
    return v;
}

value recurrent_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    value poison = value_poison(where);
    ir_value *x = args_tensor(a, 0), *h, *c, *lengths = args_tensor(a, 2);
    bool batch_first = self->as.recurrent.batch_first, lstm = self->kind->cell == IR_LSTM;
    if (!input_fits(l, self, a)) return poison;
    bool batched = x->type.rank == 3;
    const dim *const *dims = x->type.dims;
    const dim *batch = batched ? dims[batch_first ? 0 : 1] : NULL, *steps = dims[batched && batch_first ? 1 : 0];
    if (!states_of(l, self, a, batch, &h, &c) || !lengths_fit(l, self, a, batch)) return poison;

    const dim *one = build_dim(l, 1);
    if (!batched) x = build_reshape(l, x, (const dim *const[]){steps, one, dims[1]}, 3, where);
    else if (batch_first) x = build_swap(l, x, 0, 1, where);

    int directions = self->as.recurrent.bidirectional ? 2 : 1;
    size_t row_count = (size_t)(self->as.recurrent.layers * directions), row = 0;
    ir_value **h_rows = ARENA_ARRAY(l->arena, ir_value *, row_count);
    ir_value **c_rows = ARENA_ARRAY(l->arena, ir_value *, row_count);
    for (int64_t k = 0; k < self->as.recurrent.layers; k++) {
        ir_value *outs[2] = {NULL, NULL};
        for (int d = 0; d < directions; d++, row++) {
            ir_value *row_h = state_row(l, h, (int64_t)row, where), *row_c = state_row(l, c, (int64_t)row, where);
            bool reverse = d == 1 || self->as.recurrent.reverse;
            ir_node *n = add_recurrent(l, self, x, row_h, row_c, lengths, suffix_of(l, k, d == 1), reverse, where);
            outs[d] = n->results[0];
            h_rows[row] = n->results[1];
            c_rows[row] = lstm ? n->results[2] : NULL;
        }
        x = build_cat(l, outs, (unsigned)directions, 2, where);
        if (k + 1 < self->as.recurrent.layers) x = build_dropout(l, x, self->as.recurrent.dropout, where);
    }

    if (!batched) x = build_reshape(l, x, (const dim *const[]){steps, x->type.dims[2]}, 2, where);
    else if (batch_first) x = build_swap(l, x, 0, 1, where);
    const char *gives = arena_printf(l->arena, "%s %s gives out, %s", self->kind->article, self->kind->name,
                                     lstm ? "(h_n, c_n)" : "h_n");
    const char *mend = arena_printf(l->arena, "bind the output first: out, _ = %s(…)", self->name);
    value out = value_tensor(l, x, where);
    value states = value_tensor(l, join_rows(l, h_rows, (unsigned)row_count, batched, where), where);
    if (lstm) {
        value c_n = value_tensor(l, join_rows(l, c_rows, (unsigned)row_count, batched, where), where);
        const char *both = arena_printf(l->arena, "bind them first: _, (h, c) = %s(…)", self->name);
        states = pair_of(l, &states, &c_n, gives, both, where);
    } else {
        states.gives = gives;
        states.mend = arena_printf(l->arena, "write out, h = %s(…)", self->name);
    }
    return pair_of(l, &out, &states, gives, mend, where);
}

/* One step, and of its results only the states. */
value cell_call(lowering *l, const layer *self, const arguments *a) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0), *h, *c;
    if (!input_fits(l, self, a)) return value_poison(where);
    bool batched = x->type.rank == 2, lstm = self->kind->cell == IR_LSTM;
    const dim *one = build_dim(l, 1), *batch = batched ? x->type.dims[0] : one, *size = x->type.dims[x->type.rank - 1];
    if (!states_of(l, self, a, batched ? batch : NULL, &h, &c)) return value_poison(where);
    x = build_reshape(l, x, (const dim *const[]){one, batch, size}, 3, where);
    if (h) h = build_reshape(l, h, (const dim *const[]){batch, h->type.dims[h->type.rank - 1]}, 2, where);
    if (c) c = build_reshape(l, c, (const dim *const[]){batch, c->type.dims[c->type.rank - 1]}, 2, where);
    ir_node *n = add_recurrent(l, self, x, h, c, NULL, "", false, where);
    value states[2];
    for (unsigned i = 0; i < (lstm ? 2 : 1); i++) {
        ir_value *v = n->results[i + 1];
        states[i] = value_tensor(l, batched ? v : build_reshape(l, v, &v->type.dims[1], 1, where), where);
    }
    if (!lstm) {
        states[0].gives =
            arena_printf(l->arena, "%s gives h only", self->kind->cell == IR_GRU ? "a GRUCell" : "an RNNCell");
        states[0].mend = arena_printf(l->arena, "write h = %s(…)", self->name);
        return states[0];
    }
    const char *mend = arena_printf(l->arena, "bind them first: h, c = %s(…)", self->name);
    for (int i = 0; i < 2; i++) {
        states[i].gives = "an LSTMCell gives h, c";
        states[i].mend = arena_printf(l->arena, "write h, c = %s(…)", self->name);
    }
    return pair_of(l, &states[0], &states[1], states[0].gives, mend, where);
}
