/* picture: see picture.h. */
#include "commands/picture.h"

#include <string.h>

#include "commands/layer.h"
#include "support/name_set.h"
#include "support/text.h"

/* A call: the nodes of one graph that stand at one place of the .nn file. */
typedef struct box {
    struct box *next;
    Agnode_t *drawn; /* NULL: only views, which are not drawn */
    Agraph_t *in;
    span where;
    const char *label;
    text sources; /* lines */
    bool only_views;
} box;

typedef struct {
    arena *arena;
    Agraph_t *top;
    const ir_model *model;
    size_t number, serial;
    box *boxes, *last;
    box **box_of;      /* by value id: its producer's */
    name_set *edges;   /* from, to, and what else tells two arrows apart */
    Agnode_t **source; /* by value id: of inputs, states, params, and what is carried */
} drawing;

/* --- Graphviz's own ways --- */

static char *own(const char *s) { return (char *)s; } /* cgraph copies its strings, and is older than const */

static void set(void *object, const char *name, const char *value) {
    agsafeset(object, own(name), own(value), own(""));
}

/* A label's backslashes would be escapes. */
static void set_label(arena *a, void *object, const char *label) {
    text t = text_new(a);
    for (; *label; label++) {
        if (*label == '\\') text_add(&t, "\\");
        if (*label == '\n') text_add(&t, "\\n");
        else text_add_n(&t, label, 1);
    }
    set(object, "label", text_string(&t));
}

static Agnode_t *add_node(drawing *d, Agraph_t *in, const char *label, const char *shape, const char *style,
                          const char *color) {
    Agnode_t *n = agnode(in, arena_printf(d->arena, "n%zu_%zu", d->number, d->serial++), 1);
    set_label(d->arena, n, label);
    set(n, "shape", shape);
    set(n, "style", style);
    set(n, "fillcolor", color);
    return n;
}

/* What one run, or one round, leaves to the next, with its shape. */
static Agnode_t *add_state(drawing *d, Agraph_t *in, const char *name, const ir_type *type) {
    const char *label = arena_printf(d->arena, "%s\n%s", name, ir_type_string(d->arena, type));
    return add_node(d, in, label, "box", "rounded,filled", "#fdebc8");
}

static Agraph_t *add_cluster(drawing *d, Agraph_t *in, const char *label) {
    Agraph_t *c = agsubg(in, arena_printf(d->arena, "cluster%zu_%zu", d->number, d->serial++), 1);
    set_label(d->arena, c, label);
    set(c, "margin", "12");
    return c;
}

/* Each arrow once. */
static void add_edge(drawing *d, Agnode_t *from, Agnode_t *to, const char *label, bool back) {
    if (!from || !to) return;
    const char *key = arena_printf(d->arena, "%s %s %d %s", agnameof(from), agnameof(to), back, label);
    if (name_set_has(d->edges, key)) return;
    name_set_take(d->edges, key);
    Agedge_t *e = agedge(d->top, from, to, NULL, 1);
    set(e, "label", label);
    set(e, "style", back ? "dashed" : "solid");
    set(e, "constraint", back ? "false" : "true");
}

/* --- boxes --- */

static bool is_drawn_source(ir_op op) {
    return op == IR_INPUT || op == IR_STATE || op == IR_PARAM || op == IR_CARRIED;
}

static box *box_at(drawing *d, Agraph_t *in, const ir_node *n) {
    box *b = d->last;
    if (b && b->in == in && b->where.begin == n->where.begin && b->where.end == n->where.end && n->where.end) return b;
    b = ARENA_NEW(d->arena, box);
    *b = (box){.in = in, .where = n->where, .sources = text_new(d->arena), .only_views = true};
    if (d->last) d->last->next = b;
    else d->boxes = b;
    return d->last = b;
}

static const char *title_of(const drawing *d, const ir_node *n) {
    const char *name = layer_name(d->arena, d->model, n);
    return name ? name : n->source && n->label ? n->label : ir_op_name(n->op);
}

static void add_to_box(drawing *d, box *b, const ir_node *n) {
    if (ir_op_class_of(n->op) != IR_VIEW) b->only_views = false;
    bool named = b->sources.length > 0;
    if (n->source && !strstr(text_string(&b->sources), n->source)) text_printf(&b->sources, "\n%s", n->source);
    if (!named && (n->source || ir_op_class_of(n->op) != IR_VIEW))
        b->label = title_of(d, n);
    for (unsigned i = 0; i < n->result_count; i++) d->box_of[n->results[i]->id] = b;
}

static void find_boxes(drawing *d, const ir_graph *g, Agraph_t *in) {
    for (const ir_node *n = g->first; n; n = n->next) {
        if (ir_op_class_of(n->op) == IR_SOURCE) continue;
        if (n->op != IR_REPEAT) {
            add_to_box(d, box_at(d, in, n), n);
            continue;
        }
        const char *rounds = dim_short(d->arena, n->attrs.rounds);
        Agraph_t *inner = add_cluster(d, in, arena_printf(d->arena, "repeat %s", rounds));
        set(inner, "bgcolor", "#f4f4f4");
        for (unsigned i = 0; i < ir_carried_of(n); i++) {
            const ir_value *v = n->block->carried[i];
            if (v) d->source[v->id] = add_state(d, inner, v->name ? v->name : "carried", &v->type);
        }
        find_boxes(d, &n->block->body, inner);
    }
}

static void draw_boxes(drawing *d) {
    for (box *b = d->boxes; b; b = b->next) {
        if (b->only_views) continue;
        bool layer = b->sources.length > 0;
        const char *label = b->label ? b->label : "";
        if (layer) label = arena_printf(d->arena, "%s%s", label, text_string(&b->sources));
        b->drawn = add_node(d, b->in, label, "box", layer ? "filled" : "rounded,filled", layer ? "#cfe3f7" : "#ffffff");
    }
}

/* --- arrows --- */

/* The node that an arrow with this value comes from; NULL for a constant. */
static Agnode_t *origin(const drawing *d, const ir_value *v) {
    for (;;) {
        const ir_node *p = v->producer;
        if (is_drawn_source(p->op)) return d->source[v->id];
        if (p->op == IR_REPEAT) {
            unsigned carried = ir_carried_of(p);
            v = v->result < carried ? p->block->next[v->result] : p->block->collected[v->result - carried];
        } else if (p->op == IR_ROW) {
            v = p->block->repeat->inputs[p->attrs.index];
        } else if (ir_op_class_of(p->op) == IR_SOURCE) {
            return NULL;
        } else if (d->box_of[v->id]->drawn) {
            return d->box_of[v->id]->drawn;
        } else {
            v = p->inputs[0];
        }
    }
}

/* An arrow back goes past others: what it brings says the state that it leads to. */
static void add_arrow(drawing *d, const ir_value *v, Agnode_t *to, bool back) {
    /* blanks keep the label off its arrow */
    const char *shape = arena_printf(d->arena, "  %s  ", ir_type_string(d->arena, &v->type));
    add_edge(d, origin(d, v), to, back ? "" : shape, back);
}

static void draw_params(drawing *d, const ir_node *n) {
    for (unsigned i = 0; i < n->input_count; i++) {
        const ir_value *v = n->inputs[i];
        const box *b = d->box_of[n->results[0]->id];
        if (!v || v->producer->op != IR_PARAM || b->sources.length || d->source[v->id]) continue;
        const char *key = d->model->params[v->producer->attrs.index].key;
        d->source[v->id] =
            add_node(d, d->boxes->in, arena_printf(d->arena, "param %s", key), "note", "filled", "#eeeeee");
    }
}

/* What ends a repeat. */
static void draw_end(drawing *d, const ir_value *until) {
    if (!until || !origin(d, until)) return;
    const box *b = d->box_of[until->id];
    add_arrow(d, until, add_node(d, b ? b->in : d->boxes->in, "until", "box", "rounded,filled", "#fdebc8"), false);
}

static void draw_arrows(drawing *d, const ir_graph *g) {
    for (const ir_node *n = g->first; n; n = n->next) {
        if (ir_op_class_of(n->op) == IR_SOURCE) continue;
        if (n->op == IR_REPEAT) {
            draw_arrows(d, &n->block->body);
            for (unsigned i = 0; i < ir_carried_of(n); i++) {
                const ir_value *v = n->block->carried[i];
                if (!v) continue;
                add_arrow(d, n->inputs[ir_rows_of(n) + i], d->source[v->id], false);
                add_arrow(d, n->block->next[i], d->source[v->id], true);
            }
            draw_end(d, n->block->until);
            continue;
        }
        draw_params(d, n);
        const box *b = d->box_of[n->results[0]->id];
        for (unsigned i = 0; b->drawn && i < n->input_count; i++) {
            const ir_value *v = n->inputs[i];
            if (!v || (v->producer->op == IR_PARAM && b->sources.length)) continue;
            if (origin(d, v) != b->drawn) add_arrow(d, v, b->drawn, false);
        }
    }
}

/* --- a model --- */

static const char *with_dims(arena *a, const ir_model *m) {
    text t = text_new(a);
    text_printf(&t, "model %s", m->name);
    for (size_t i = 0; i < m->symbol_count; i++)
        text_printf(&t, "%s%s = %lld..%lld", i ? ", " : ": ", dim_symbol_name(m->symbols[i]),
                    (long long)dim_min(m->symbols[i]), (long long)dim_max(m->symbols[i]));
    return text_string(&t);
}

void picture_add(Agraph_t *picture, arena *a, const ir_model *m, size_t number) {
    drawing d = {.arena = a, .top = picture, .model = m, .number = number};
    d.box_of = ARENA_ARRAY(a, box *, m->value_count);
    d.source = ARENA_ARRAY(a, Agnode_t *, m->value_count);
    d.edges = name_set_new(a);
    Agraph_t *in = add_cluster(&d, picture, with_dims(a, m));
    for (size_t i = 0; i < m->input_count; i++)
        d.source[m->inputs[i].value->id] = add_node(&d, in, m->inputs[i].name, "ellipse", "filled", "#d8efd3");
    for (size_t i = 0; i < m->state_count; i++)
        d.source[m->states[i].value->id] =
            add_state(&d, in, arena_printf(a, "state %s", m->states[i].name), &m->states[i].type);
    find_boxes(&d, &m->run, in);
    draw_boxes(&d);
    draw_arrows(&d, &m->run);
    for (size_t i = 0; i < m->output_count; i++) {
        Agnode_t *n = add_node(&d, in, m->outputs[i].name, "ellipse", "filled", "#f6d5d5");
        add_arrow(&d, m->outputs[i].value, n, false);
    }
    for (size_t i = 0; i < m->state_count; i++)
        if (m->states[i].next) add_arrow(&d, m->states[i].next, d.source[m->states[i].value->id], true);
}

Agraph_t *picture_new(void) {
    Agraph_t *g = agopen(own("nnc"), Agdirected, NULL);
    if (!g) ice("no graph");
    const struct {
        int kind;
        const char *name, *value;
    } defaults[] = {
        {AGRAPH, "rankdir", "TB"},     {AGRAPH, "fontname", "Helvetica"}, {AGRAPH, "fontsize", "12"},
        {AGRAPH, "labeljust", "l"},    {AGRAPH, "color", "#999999"},      {AGRAPH, "label", ""},
        {AGRAPH, "bgcolor", "white"},  {AGRAPH, "ranksep", "0.25"},       {AGRAPH, "nodesep", "0.3"},
        {AGNODE, "height", "0.3"},     {AGNODE, "margin", "0.12,0.05"},   {AGNODE, "fontname", "Helvetica"},
        {AGNODE, "fontsize", "11"},    {AGNODE, "color", "#555555"},      {AGNODE, "label", ""},
        {AGNODE, "shape", "box"},      {AGNODE, "style", ""},             {AGNODE, "fillcolor", ""},
        {AGEDGE, "fontname", "Helvetica"},
        {AGEDGE, "fontsize", "9"},     {AGEDGE, "color", "#555555"},      {AGEDGE, "fontcolor", "#333333"},
        {AGEDGE, "arrowsize", "0.7"},  {AGEDGE, "label", ""},             {AGEDGE, "style", "solid"},
        {AGEDGE, "constraint", "true"}};
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        agattr(g, defaults[i].kind, own(defaults[i].name), own(defaults[i].value));
    return g;
}
