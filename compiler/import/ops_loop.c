/* ops_loop: Loop and Scan, as repeat blocks. */
#include "import/ops.h"

/* The end of a block, whose carried values keep their types; NULL, refused, otherwise. */
static node *end_block(call *c, node *begin, value **next, unsigned carried, value **collected,
                       unsigned collected_count, value *until) {
    for (unsigned i = 0; i < carried; i++) {
        const value *old = begin->results[begin->row_count + i];
        if (next[i]->failed) return NULL;
        if (!value_shape_same(old, next[i]) || old->element != next[i]->element) {
            refuse(c, "what it carries changes its shape from %s to %s", value_shape_string(c->graph->arena, old),
                   value_shape_string(c->graph->arena, next[i]));
            return NULL;
        }
    }
    for (unsigned i = 0; i < collected_count; i++)
        if (collected[i]->failed) return NULL;
    return end_repeat(c->graph, begin, next, carried, collected, collected_count, until);
}

/* Whether a body's nodes use what it calls `name`; of graphs within it, it may be. */
static bool may_use(const Onnx__GraphProto *body, const char *name) {
    for (size_t i = 0; i < body->n_node; i++) {
        const Onnx__NodeProto *n = body->node[i];
        for (size_t k = 0; k < n->n_input; k++)
            if (strcmp(n->input[k], name) == 0) return true;
        for (size_t k = 0; k < n->n_attribute; k++)
            if (n->attribute[k]->g) return true;
    }
    for (size_t i = 0; i < body->n_output; i++)
        if (body->output[i]->name && strcmp(body->output[i]->name, name) == 0) return true;
    return false;
}

/* What a Loop carries, collects and counts, as a block has it. */
typedef struct {
    const Onnx__GraphProto *body;
    unsigned carried;       /* of the Loop: tensors and sequences */
    value **inside;         /* what the body is given: the round, the condition, the carried ones */
    value **out;            /* what it gives: the condition, the carried ones, the collected ones */
    value **first, **next;  /* carried tensors, `tensors` of them; a counter may be the last */
    value **rows;           /* collected: items of sequences first */
    unsigned tensors, items, scans;
    bool counts;            /* a carried counter takes the place of rows */
} loop;

static value *collecting_sequence(graph *g, const value *first) {
    value *v = value_like(g, first);
    v->sequence = ARENA_NEW(g->arena, sequence);
    v->sequence->collects = true;
    return v;
}

static bool begin_loop(call *c, loop *l, const dim *rounds, node **begin) {
    graph *g = c->graph;
    const char *counter = l->body->n_input && l->body->input[0]->name ? l->body->input[0]->name : "";
    bool may_be_none = dim_min(rounds) < 1, counted = may_use(l->body, counter);
    if (l->scans && may_be_none) return refuse(c, "it may not run at all, and collects");
    l->counts = may_be_none && counted;
    for (unsigned i = 0; i < l->carried; i++) {
        const value *v = c->in[2 + i];
        if (!v) return refuse(c, "operand %u is not there", 3 + i);
        if (!v->sequence) l->first[l->tensors++] = c->in[2 + i];
        else if (v->sequence->rows || v->sequence->count)
            return refuse(c, "the sequence \"%s\" that it carries is not empty at first", v->name);
    }
    if (l->counts) l->first[l->tensors] = value_of_integer(g, dim_const(g->dims, 0));
    value *row = counted && !may_be_none ? arange(c, rounds) : NULL;
    *begin = begin_repeat(g, c->path, rounds, &row, row != NULL, l->first, l->tensors + l->counts);
    value **round = (*begin)->results, **carried = round + (row != NULL);
    l->inside[0] = row ? round[0] : l->counts ? carried[l->tensors] : value_of_integer(g, dim_const(g->dims, 0));
    l->inside[1] = value_filled(g, ELEMENT_BOOL, 0, NULL, 0, dim_const(g->dims, 1));
    for (unsigned i = 0, k = 0; i < l->carried; i++)
        l->inside[2 + i] = c->in[2 + i]->sequence ? collecting_sequence(g, c->in[2 + i]) : carried[k++];
    return true;
}

/* Sorts what the body gave into carried tensors and what is collected. */
static bool read_body(call *c, loop *l) {
    unsigned k = 0;
    for (unsigned i = 0; i < l->carried; i++) {
        value *v = l->out[1 + i], *given = l->inside[2 + i];
        if (v->failed) return false;
        if (!given->sequence) {
            if (v->sequence) return refuse(c, "what it carries becomes a sequence");
            l->next[k++] = v;
        } else if (!v->sequence || v->sequence->before != given->sequence) {
            return refuse(c, "a round must put one tensor at the end of the sequence \"%s\"", c->in[2 + i]->name);
        } else {
            l->rows[l->items++] = v->sequence->items[0];
        }
    }
    for (unsigned i = 0; i < l->scans; i++) {
        l->rows[l->items + i] = l->out[1 + l->carried + i];
        if (l->rows[l->items + i]->sequence) return refuse(c, "it collects sequences");
    }
    return true;
}

static bool end_loop(call *c, loop *l, node *begin) {
    graph *g = c->graph;
    double goes_on;
    value *go = l->out[0], *until = value_scalar(go, &goes_on) && goes_on > 0 ? NULL : go;
    if (go->failed || !read_body(c, l)) return false;
    if (until && l->items + l->scans)
        return refuse(c,
                      "how many rounds it runs is known at run time alone, and so is the size of what it collects: "
                      "that has no counterpart in nnc");
    if (l->items && dim_min(begin->rounds) < 1) return refuse(c, "it may not run at all, and collects");
    if (until) until = make_prefix(g, c->path, "~", make_reshape(g, c->path, until, 0, NULL));
    if (l->counts)
        l->next[l->tensors] =
            make_infix(g, c->path, "+", l->inside[0], value_of_integer(g, dim_const(g->dims, 1)), l->inside[0]);
    node *end = end_block(c, begin, l->next, l->tensors + l->counts, l->rows, l->items + l->scans, until);
    if (!end) return false;
    value **carried = end->results, **items = end->results + l->tensors + l->counts, **scans = items + l->items;
    for (unsigned i = 0; i < c->out_count; i++) {
        bool is_item = i < l->carried && c->in[2 + i]->sequence;
        c->out[i] = i >= l->carried ? *scans++ : is_item ? sequence_of_rows(g, *items++) : *carried++;
    }
    return true;
}

/* No round: what it carries stays as it is. */
static bool no_round(call *c, unsigned carried) {
    for (unsigned i = 0; i < c->out_count; i++) {
        if (i >= carried && wanted(c, i)) return refuse(c, "it never runs, and \"%s\" has no row", c->proto->output[i]);
        c->out[i] = i < carried ? c->in[2 + i] : NULL;
    }
    return true;
}

/* Loop(M, cond, v…): body(i, cond, v…) -> cond, v…, collected…. */
bool op_loop(call *c) {
    graph *g = c->graph;
    const Onnx__AttributeProto *body = attribute(c, "body");
    unsigned carried = c->in_count > 2 ? c->in_count - 2 : 0;
    double goes_on = 1;
    if (!body || !body->g || body->g->n_output < 1 + carried || body->g->n_output - 1 < c->out_count)
        return refuse(c, "its body does not fit");
    if (!operand(c, 0) || !value_known(c->in[0]) || c->in[0]->element != ELEMENT_INT)
        return refuse(c, "how often it runs at most must be known at compile time, or a size");
    if (operand(c, 1) && !value_scalar(c->in[1], &goes_on))
        return refuse(c, "whether its first round runs must be known at compile time");
    const dim *rounds = value_dim_at(c->in[0], 0);
    if (!(goes_on > 0) || dim_max(rounds) < 1) return no_round(c, carried);
    if (dim_max(rounds) > INT32_MAX || dim_min(rounds) < 0)
        return refuse(c,
                      "it runs until its condition ends it, and how often that is at most is not known: a block of nnc "
                      "needs a bound");
    unsigned results = (unsigned)body->g->n_output;
    loop l = {.body = body->g, .carried = carried, .scans = results - 1 - carried};
    l.inside = ARENA_ARRAY(g->arena, value *, carried + 2);
    l.out = ARENA_ARRAY(g->arena, value *, results);
    l.first = ARENA_ARRAY(g->arena, value *, carried + 1);
    l.next = ARENA_ARRAY(g->arena, value *, carried + 1);
    l.rows = ARENA_ARRAY(g->arena, value *, results);
    node *begin = NULL;
    return begin_loop(c, &l, rounds, &begin) && interpret_graph(c, body->g, l.inside, carried + 2, l.out, results) &&
           end_loop(c, &l, begin);
}

/* An axis brought to the front, or back from there. */
static value *axis_first(call *c, value *x, unsigned axis, bool back) {
    unsigned perm[IMPORT_MAX_RANK];
    for (unsigned i = 0; i < x->rank; i++)
        perm[i] = back ? (i < axis ? i + 1 : i == axis ? 0 : i) : (i == 0 ? axis : i <= axis ? i - 1 : i);
    return make_permute(c->graph, c->path, x, perm);
}

/* The i-th number of an attribute, or 0. */
static int64_t entry(call *c, const char *name, unsigned i) {
    const int64_t *all = NULL;
    size_t count = 0;
    return attribute_ints(c, name, &all, &count) && i < count ? all[i] : 0;
}

static value *turned(call *c, value *x, bool wanted_so) {
    return wanted_so ? make_call(c->graph, c->path, "flip", &x, 1, ", 0", value_like(c->graph, x)) : x;
}

/* Scan(states…, sequences…): body(states…, rows…) -> states…, collected…. */
bool op_scan(call *c) {
    graph *g = c->graph;
    const Onnx__AttributeProto *body = attribute(c, "body");
    int64_t sequences = attribute_int(c, "num_scan_inputs", 0);
    if (c->opset < 9) return refuse(c, "before opset 9 is not supported");
    if (!body || !body->g || sequences < 1 || sequences > c->in_count) return refuse(c, "its body does not fit");
    unsigned rows = (unsigned)sequences, carried = c->in_count - rows, results = (unsigned)body->g->n_output;
    if (results < carried || results < c->out_count) return refuse(c, "its body has %u outputs", results);
    value **sources = ARENA_ARRAY(g->arena, value *, rows), **inside = ARENA_ARRAY(g->arena, value *, c->in_count + 1),
          **out = ARENA_ARRAY(g->arena, value *, results + 1);
    for (unsigned i = 0; i < rows; i++) {
        value *x = operand(c, carried + i);
        unsigned axis = 0;
        if (!x || !axis_of(c, entry(c, "scan_input_axes", i), x->rank, &axis)) return false;
        sources[i] = turned(c, axis_first(c, x, axis, false), entry(c, "scan_input_directions", i) != 0);
        if (!dim_same(sources[i]->dims[0], sources[0]->dims[0]))
            return refuse(c, "its sequences have different lengths");
    }
    node *begin = begin_repeat(g, c->path, NULL, sources, rows, c->in, carried);
    for (unsigned i = 0; i < carried; i++) inside[i] = begin->results[rows + i];
    for (unsigned i = 0; i < rows; i++) inside[carried + i] = begin->results[i];
    node *end = interpret_graph(c, body->g, inside, c->in_count, out, results)
                    ? end_block(c, begin, out, carried, out + carried, results - carried, NULL)
                    : NULL;
    if (!end) return false;
    for (unsigned i = 0; i < c->out_count; i++) c->out[i] = end->results[i];
    for (unsigned i = carried; i < c->out_count; i++) {
        unsigned axis = 0;
        if (!axis_of(c, entry(c, "scan_output_axes", i - carried), c->out[i]->rank, &axis)) return false;
        c->out[i] =
            axis_first(c, turned(c, c->out[i], entry(c, "scan_output_directions", i - carried) != 0), axis, true);
    }
    return true;
}
