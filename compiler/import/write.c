/* write: what is used gets names; what is used once and short stands where it is used; the rest are statements. */
#include "import/write.h"

#include <inttypes.h>

#include "import/expression.h"
#include "import/interpret.h"

enum { LONGEST_INLINE = 44 };

/* --- what is used ------------------------------------------------------------------------------------------------- */

static void use_operands(node *n) {
    n->used = true;
    for (unsigned i = 0; i < n->operand_count; i++)
        if (n->operands[i]) n->operands[i]->uses++;
}

/* Nodes stand in an order in which operands come first: from the last to the first, each use is counted before. */
static void count_uses(graph *g) {
    size_t count = 0;
    for (node *n = g->first; n; n = n->next) count++;
    node **all = ARENA_ARRAY(g->arena, node *, count + 1);
    count = 0;
    for (node *n = g->first; n; n = n->next) all[count++] = n;
    for (size_t i = 0; i < g->output_count; i++) g->outputs[i].value->uses++;
    while (count-- > 0) {
        bool used = false;
        for (unsigned i = 0; i < all[count]->result_count; i++) used |= all[count]->results[i]->uses > 0;
        if (used || all[count]->used) use_operands(all[count]);
        if (all[count]->used && all[count]->kind == NODE_END) all[count]->partner->used = true;
    }
}

/* The beginning of a statement's line. */
static text *line(writer *w) {
    text_printf(&w->statements, "%*s", (int)(4 * (w->depth + 1)), "");
    return &w->statements;
}

/* --- statements --------------------------------------------------------------------------------------------------- */

/* Whether v is x, moved at most. */
static bool comes_from(const value *v, const value *x) {
    while (v && v != x && v->producer && (v->producer->kind == NODE_RESHAPE || v->producer->kind == NODE_PERMUTE))
        v = v->producer->operands[0];
    return v == x;
}

/* "h" or "c" where a part is a recurrent layer's first state. */
static const char *state_name(const node *part) {
    for (const node *n = part->next; n; n = n->next) {
        if (n->kind != NODE_LAYER) continue;
        bool lstm = strcmp(n->layer->kind, "LSTM") == 0;
        if (!lstm && strcmp(n->layer->kind, "GRU") != 0 && strcmp(n->layer->kind, "RNN") != 0) continue;
        if (n->operand_count > 1 && comes_from(n->operands[1], part->results[0])) return "h";
        if (lstm && n->operand_count > 2 && comes_from(n->operands[2], part->results[0])) return "c";
    }
    return NULL;
}

/* What a result may be called when the file has no word for it. */
static const char *noun(const node *n) {
    static const struct {
        const char *function, *noun;
    } rows[] = {{"+", "total"},        {"-", "difference"}, {"*", "scaled"},      {"/", "ratio"},
                {"matmul", "product"}, {"cat", "joined"},   {"softmax", "p"},     {"[]", "rows"},
                {"pad", "padded"},     {"where", "chosen"}, {"one_hot", "codes"}, {"argmax", "best"},
                {"mean", "average"},   {"**", "power"}};
    switch (n->kind) {
    case NODE_SLICE: return state_name(n) ? state_name(n) : "part";
    case NODE_RESHAPE:
    case NODE_PERMUTE: return "x";
    case NODE_LAYER: return write_last_word(n->layer->name);
    default: break;
    }
    for (size_t i = 0; n->function && i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].function, n->function) == 0) return rows[i].noun;
    return "y";
}

/* The output or state that a value is, by which it is called; NULL for none. */
static const argument *output_of(const writer *w, const value *v) {
    for (size_t i = 0; i < w->g->output_count; i++)
        if (w->g->outputs[i].value == v) return &w->g->outputs[i];
    return NULL;
}

static const argument *input_named(const writer *w, const char *name) {
    for (size_t i = 0; i < w->g->input_count; i++)
        if (strcmp(w->g->inputs[i].name, name) == 0) return &w->g->inputs[i];
    return NULL;
}

/* Whether a node behind n still reads the value: then the state may not be bound anew at n. */
static bool is_read_behind(const node *n, const value *v) {
    for (n = n->next; n; n = n->next)
        for (unsigned i = 0; n->used && i < n->operand_count; i++)
            if (n->operands[i] == v) return true;
    return false;
}

/* Whether n reads a name that is bound anew: then it is no part of an expression that may stand further down. */
static bool reads_state(const writer *w, const node *n) {
    for (unsigned i = 0; i < n->operand_count; i++) {
        const node *from = n->operands[i] ? n->operands[i]->producer : NULL;
        if (from && from->kind == NODE_REPEAT && n->operands[i]->result >= from->row_count) return true;
        for (size_t k = 0; n->operands[i] && k < w->g->input_count; k++)
            if (w->g->inputs[k].state && w->g->inputs[k].value == n->operands[i]) return true;
    }
    return false;
}

/* The carried value that v is the next one of, where nothing of the round still reads the old one behind n; or NULL. */
static const value *carried_as(const node *n, const value *v) {
    const node *end = n->next;
    while (end && end->kind != NODE_END) end = end->kind == NODE_REPEAT ? end->partner->next : end->next;
    for (unsigned i = 0; end && i < end->carried_count; i++) {
        const value *old = end->partner->results[end->partner->row_count + i];
        if (end->operands[i] == v) return is_read_behind(n, old) ? NULL : old;
    }
    return NULL;
}

static void name_result(writer *w, const node *n, value *v, const char *suggestion) {
    const argument *out = output_of(w, v);
    const value *old = carried_as(n, v);
    v->precedence = TIGHT;
    if (old) {
        v->text = old->text;
        return;
    }
    if (out && out->state) {
        const argument *in = input_named(w, out->state);
        if (!is_read_behind(n, in->value)) {
            v->text = in->value->text;
            return;
        }
    }
    /* an output's own name is kept for it; what a layer's name suggests may be a word of the language, too */
    const char *wanted = write_word(w->arena, suggestion, suggestion);
    if (out) wanted = write_word(w->arena, out->name, wanted);
    v->text = out && !out->state && out->text ? out->text : name_set_give(w->values, wanted);
}

static void write_recurrent(writer *w, const node *n, const char *e) {
    static const char *const nouns[] = {"out", "hn", "cn"};
    bool lstm = n->result_count == 3, states = n->results[1]->uses || (lstm && n->results[2]->uses);
    for (unsigned i = 0; i < n->result_count; i++)
        if (n->results[i]->uses) name_result(w, n, n->results[i], nouns[i]);
    const char *h = n->results[1]->uses ? n->results[1]->text : "_",
               *c = lstm && n->results[2]->uses ? n->results[2]->text : "_";
    const char *out = n->results[0]->uses ? n->results[0]->text : "_";
    if (!states) text_printf(line(w), "%s, _ = %s\n", out, e);
    else if (lstm) text_printf(line(w), "%s, (%s, %s) = %s\n", out, h, c, e);
    else text_printf(line(w), "%s, %s = %s\n", out, h, e);
}

/* values, indices = topk(x, 3) */
static void write_pair(writer *w, const node *n, const char *e) {
    const value *second = n->results[1];
    for (unsigned i = 0; i < 2; i++)
        if (n->results[i]->uses) name_result(w, n, n->results[i], i ? "indices" : "values");
    const char *first = n->results[0]->uses ? n->results[0]->text : "_";
    if (second->uses) text_printf(line(w), "%s, %s = %s\n", first, second->text, e);
    else text_printf(line(w), "%s = %s\n", first, e);
}

static bool is_word(const char *s) {
    return s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

static void write_begin(writer *w, node *n) {
    static const char *const nouns[] = {"h", "c", "carried"};
    text rows = text_new(w->arena), sources = text_new(w->arena);
    for (unsigned i = 0; i < n->carried_count; i++) {
        value *v = n->results[n->row_count + i];
        const char *first = write_operand(w, n->operands[n->row_count + i], LOOSE);
        v->text = name_set_give(w->values, nouns[i < 2 ? i : 2]);
        v->precedence = TIGHT;
        text_printf(line(w), "%s = %s\n", v->text, first);
    }
    for (unsigned i = 0; i < n->row_count; i++) {
        const node *rows_of = n->operands[i]->producer;
        bool counts = rows_of && rows_of->kind == NODE_CALL && strcmp(rows_of->function, "arange") == 0;
        n->results[i]->text = name_set_give(w->values, counts ? "i" : "x_t");
        n->results[i]->precedence = TIGHT;
        text_printf(&rows, "%s%s", i ? ", " : "", n->results[i]->text);
        text_printf(&sources, "%s%s", i ? ", " : "", write_operand(w, n->operands[i], LOOSE));
    }
    const char *head = n->row_count ? arena_printf(w->arena, "%s in %s", text_string(&rows), text_string(&sources))
                                    : dim_string(w->arena, n->rounds);
    const char *until = "";
    if (n->partner->until) { /* the block binds a flag that its head asks */
        n->partner->tail = name_set_give(w->values, "done");
        until = arena_printf(w->arena, " until %s", n->partner->tail);
        text_printf(line(w), "%s = full((), 0, dtype=bool)\n", n->partner->tail);
    }
    text_printf(line(w), "repeat %s%s {\n", head, until);
    w->depth++;
}

static void write_end(writer *w, node *n) {
    const node *begin = n->partner;
    for (unsigned i = 0; i < n->carried_count && n->carried_count > 1;
         i++) { /* all next values before the first binding */
        const char *next = write_operand(w, n->operands[i], LOOSE);
        if (is_word(next)) continue;
        n->operands[i]->text = name_set_give(w->values, "next");
        text_printf(line(w), "%s = %s\n", n->operands[i]->text, next);
    }
    if (n->until)
        text_printf(line(w), "%s = %s\n", n->tail, write_operand(w, n->operands[n->operand_count - 1], LOOSE));
    for (unsigned i = n->carried_count; i < n->result_count; i++) {
        if (!n->results[i]->uses) continue;
        n->results[i]->text = name_set_give(w->values, "ys");
        n->results[i]->precedence = TIGHT;
        text_printf(line(w), "collect %s = %s\n", n->results[i]->text, write_operand(w, n->operands[i], LOOSE));
    }
    for (unsigned i = 0; i < n->carried_count; i++) {
        const char *name = begin->results[begin->row_count + i]->text, *next = write_operand(w, n->operands[i], LOOSE);
        if (strcmp(name, next) != 0) text_printf(line(w), "%s = %s\n", name, next);
        n->results[i]->text = name;
        n->results[i]->precedence = TIGHT;
    }
    w->depth--;
    text_add(line(w), "}\n");
}

static void write_node(writer *w, node *n) {
    int precedence;
    if (n->kind == NODE_REPEAT) {
        write_begin(w, n);
        return;
    }
    if (n->kind == NODE_END) {
        write_end(w, n);
        return;
    }
    const char *e = write_expression(w, n, &precedence);
    if (n->kind == NODE_LAYER && layer_is_recurrent(n->layer)) {
        write_recurrent(w, n, e);
        return;
    }
    if (n->result_count == 2) {
        write_pair(w, n, e);
        return;
    }
    value *v = n->results[0];
    const argument *out = output_of(w, v);
    bool only_output = out && v->uses == 1 && !out->state;
    bool short_enough = strlen(e) <= LONGEST_INLINE || only_output;
    if (v->uses == 1 && short_enough && !(out && out->state) && (only_output || !reads_state(w, n))) {
        v->text = e;
        v->precedence = precedence;
        return;
    }
    name_result(w, n, v, noun(n));
    text_printf(line(w), "%s = %s\n", v->text, e);
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

/* What a layer of a kind is called when the file has no name for it. */
static const char *usual_name(const layer *l) {
    static const struct {
        const char *kind, *name;
    } rows[] = {{"LSTM", "lstm"},
                {"GRU", "gru"},
                {"RNN", "rnn"},
                {"Linear", "linear"},
                {"Embedding", "embedding"},
                {"LayerNorm", "norm"},
                {"Conv1d", "conv"},
                {"Conv2d", "conv"},
                {"ConvTranspose1d", "conv"},
                {"BatchNorm1d", "bn"},
                {"BatchNorm2d", "bn"},
                {"InstanceNorm1d", "norm"},
                {"GroupNorm", "norm"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].kind, l->kind) == 0) return rows[i].name;
    return "layer_";
}

static void name_layers(writer *w) {
    for (node *n = w->g->first; n; n = n->next) {
        if (n->kind != NODE_LAYER || !n->used || n->layer->name) continue;
        layer *l = n->layer;
        l->name = name_set_give(
            w->layers,
            write_layer_name(w->arena, l->wanted ? name_from_path(w->arena, l->wanted) : NULL, usual_name(l)));
        for (unsigned i = 0; i < l->param_count; i++) {
            tensor_to_write t = {.name = arena_printf(w->arena, "%s.%s", l->name, l->params[i].suffix),
                                 .data = l->params[i].data,
                                 .rank = l->params[i].rank};
            for (unsigned k = 0; k < t.rank; k++) t.shape[k] = l->params[i].dims[k];
            ARENA_PUSH(w->arena, w->to->tensors, w->to->tensor_count, w->to->tensor_capacity, t);
        }
    }
}

static void write_layers(writer *w) {
    size_t widest = 0;
    for (size_t i = 0; i < w->g->layer_count; i++)
        if (w->g->layers[i]->name && strlen(w->g->layers[i]->name) > widest) widest = strlen(w->g->layers[i]->name);
    for (size_t i = 0; i < w->g->layer_count; i++) {
        const layer *l = w->g->layers[i];
        if (!l->name) continue;
        text_printf(&w->to->nn, "    layer %-*s = %s(%s)%s%s\n", (int)widest, l->name, l->kind, l->arguments,
                    l->comment ? "  # " : "", l->comment ? l->comment : "");
    }
}

static void write_inputs(writer *w) {
    text *t = &w->to->nn;
    for (size_t i = 0; i < w->g->input_count; i++) {
        argument *in = &w->g->inputs[i];
        const char *type = in->value->element == ELEMENT_FLOAT ? "float32" : "int32";
        text_printf(t, "    %s %s: %s%s\n", in->state ? "state" : "input", in->value->text, type,
                    value_shape_string(w->arena, in->value));
    }
}

written write_graph(graph *g, const write_names *names) {
    written to = {.nn = text_new(g->arena)};
    writer w = {
        g, g->arena, &to, names, name_set_new(g->arena), name_set_new(g->arena), text_new(g->arena), text_new(g->arena),
        0};
    count_uses(g);
    for (size_t i = 0; i < g->symbol_count; i++) name_set_take(w.values, dim_symbol_name(g->symbols[i]));
    for (size_t i = 0; i < g->input_count; i++) {
        value *v = g->inputs[i].value;
        v->text = name_set_give(w.values, write_word(g->arena, g->inputs[i].name, "x"));
        v->precedence = TIGHT;
    }
    for (size_t i = 0; i < g->output_count; i++)
        if (!g->outputs[i].state)
            g->outputs[i].text = name_set_give(w.values, write_word(g->arena, g->outputs[i].name, "y"));
    name_layers(&w);
    for (node *n = g->first; n; n = n->next)
        if (n->used) write_node(&w, n);
    text outputs = text_new(g->arena);
    for (size_t i = 0; i < g->output_count; i++) {
        const argument *out = &g->outputs[i];
        const char *e = write_operand(&w, out->value, LOOSE);
        if (out->state) continue;
        if (strcmp(e, out->text) == 0) text_printf(&outputs, "    output %s\n", out->text);
        else text_printf(&outputs, "    output %s = %s\n", out->text, e);
    }
    /* states last: what stands above still reads the old ones */
    for (size_t i = 0; i < g->output_count; i++) {
        if (!g->outputs[i].state) continue;
        const char *state = input_named(&w, g->outputs[i].state)->value->text,
                   *e = write_operand(&w, g->outputs[i].value, LOOSE);
        if (strcmp(e, state) != 0) text_printf(&outputs, "    %s = %s\n", state, e);
    }

    text *t = &to.nn;
    text_printf(t, "# %s\n", names->title);
    for (size_t i = 0; i < g->note_count; i++) text_printf(t, "# %s\n", write_comment(g->arena, g->notes[i]));
    text_printf(t, "model %s {\n", names->model);
    for (size_t i = 0; i < g->symbol_count; i++)
        text_printf(t, "    dim %s = %" PRId64 "..%" PRId64 "\n", dim_symbol_name(g->symbols[i]),
                    dim_min(g->symbols[i]), dim_max(g->symbols[i]));
    if (to.tensor_count) text_printf(t, "    weights \"%s\"\n", names->weights);
    text_add(t, "\n");
    write_inputs(&w);
    if (g->layer_count) text_add(t, "\n");
    write_layers(&w);
    text_add(t, text_string(&w.params));
    text_add(t, "\n");
    text_add(t, text_string(&w.statements));
    text_add(t, text_string(&outputs));
    text_add(t, "}\n");
    return to;
}
