/* make: the nodes of the graph, simplified as they are made. */
#include "import/fold.h"
#include "import/graph.h"

static node *node_new(graph *g, node_kind kind, const char *path, value *const *operands, unsigned count,
                      const value *const *types, unsigned result_count) {
    node *n = ARENA_NEW(g->arena, node);
    n->kind = kind;
    n->path = path;
    n->tail = "";
    n->operands = ARENA_ARRAY(g->arena, value *, count ? count : 1);
    n->operand_count = count;
    for (unsigned i = 0; i < count; i++) n->operands[i] = operands[i];
    n->results = ARENA_ARRAY(g->arena, value *, result_count);
    n->result_count = result_count;
    for (unsigned i = 0; i < result_count; i++) {
        value *r = value_like(g, types[i]);
        r->producer = n;
        r->result = i;
        n->results[i] = r;
    }
    if (g->last) g->last->next = n;
    else g->first = n;
    g->last = n;
    return n;
}

static value *one_result(graph *g, node_kind kind, const char *path, value *const *operands, unsigned count,
                         const value *type, const char *function) {
    node *n = node_new(g, kind, path, operands, count, &type, 1);
    n->function = function;
    return n->results[0];
}

value *make_call(graph *g, const char *path, const char *function, value *const *operands, unsigned count,
                 const char *tail, const value *type) {
    value *v = one_result(g, NODE_CALL, path, operands, count, type, function);
    v->producer->tail = tail;
    return v;
}

value *make_tuple_call(graph *g, const char *path, const char *function, value *const *operands, unsigned count,
                       const char *tail, const value *type) {
    value *v = make_call(g, path, function, operands, count, tail, type);
    v->producer->tuple = true;
    return v;
}

node *make_pair(graph *g, const char *path, const char *function, value *x, const char *tail, const value *first,
                const value *second) {
    node *n = node_new(g, NODE_CALL, path, &x, 1, (const value *[]){first, second}, 2);
    n->function = function;
    n->tail = tail;
    return n;
}

value *make_infix(graph *g, const char *path, const char *symbol, value *a, value *b, const value *type) {
    return one_result(g, NODE_INFIX, path, (value *[]){a, b}, 2, type, symbol);
}

value *make_prefix(graph *g, const char *path, const char *symbol, value *a) {
    return one_result(g, NODE_PREFIX, path, &a, 1, a, symbol);
}

/* A value that refuses whoever uses it: what it would hold did not fit. */
static value *no_room(graph *g, const value *type) {
    value *v = value_like(g, type);
    v->failed = g->spent = true;
    return v;
}

/* --- views -------------------------------------------------------------------------------------------------------- */

static bool is_node(const value *v, node_kind kind) { return v->producer && v->producer->kind == kind; }

/* A reshape that only takes out axes that the slice below it left with one element: x[0:1] and squeeze are x[0]. */
static value *index_instead(graph *g, const char *path, value *x, unsigned rank, const dim *const *dims) {
    if (!is_node(x, NODE_SLICE)) return NULL;
    const node *slice = x->producer;
    slice_axis axes[IMPORT_MAX_RANK];
    const value *from = slice->operands[0];
    unsigned kept = 0, position = 0;
    bool changed = false;
    for (unsigned i = 0; i < from->rank; i++) {
        axes[i] = slice->axes[i];
        if (axes[i].index) continue;
        const dim *extent = x->dims[position++];
        bool cut = axes[i].start && dim_is(extent, 1);
        if (cut && !(kept < rank && dim_same(dims[kept], extent))) {
            axes[i].index = changed = true;
            continue;
        }
        if (kept >= rank || !dim_same(dims[kept], extent)) return NULL;
        kept++;
    }
    return changed && kept == rank ? make_slice(g, path, slice->operands[0], axes) : NULL;
}

/* A reshape that only puts the axes back that the slice below it took by an index: x[0] and unsqueeze are x[0:1]. */
static value *range_instead(graph *g, const char *path, value *x, unsigned rank, const dim *const *dims) {
    if (!is_node(x, NODE_SLICE) || rank <= x->rank) return NULL;
    const node *slice = x->producer;
    slice_axis axes[IMPORT_MAX_RANK];
    const value *from = slice->operands[0];
    if (rank > from->rank) return NULL;
    unsigned position = 0, kept = 0;
    for (unsigned i = 0; i < from->rank; i++) {
        axes[i] = slice->axes[i];
        if (!axes[i].index) {
            if (kept >= rank || !dim_same(dims[kept++], x->dims[position++])) return NULL;
        } else if (kept < rank && dim_is(dims[kept], 1) && rank - kept > x->rank - position) {
            kept++;
            axes[i].index = false;
            axes[i].stop = dim_add(g->dims, axes[i].start, dim_const(g->dims, 1));
            if (dim_is(axes[i].start, 0)) axes[i].start = NULL;
            if (dim_same(axes[i].stop, from->dims[i])) axes[i].stop = NULL;
        }
    }
    return kept == rank ? make_slice(g, path, slice->operands[0], axes) : NULL;
}

/* A reshape of the axes behind those that a transpose moves comes before it: transposes then meet and vanish. */
static value *reshape_below(graph *g, const char *path, value *x, unsigned rank, const dim *const *dims) {
    if (!is_node(x, NODE_PERMUTE)) return NULL;
    const node *n = x->producer;
    unsigned moved = x->rank, perm[IMPORT_MAX_RANK];
    while (moved && n->perm[moved - 1] == moved - 1) moved--;
    if (moved >= rank || moved >= x->rank) return NULL;
    const dim *below[IMPORT_MAX_RANK];
    for (unsigned i = 0; i < rank; i++) {
        if (i < moved && !dim_same(dims[i], x->dims[i])) return NULL;
        perm[i] = i < moved ? n->perm[i] : i;
        below[i] = i < moved ? n->operands[0]->dims[i] : dims[i];
    }
    return make_permute(g, path, make_reshape(g, path, n->operands[0], rank, below), perm);
}

/* A reshape that only takes out axes of one element comes before the transpose below it, for the same reason. */
static value *squeeze_below(graph *g, const char *path, value *x, unsigned rank, const dim *const *dims) {
    if (!is_node(x, NODE_PERMUTE) || rank >= x->rank) return NULL;
    const node *n = x->producer;
    unsigned kept = 0, gone = 0, perm[IMPORT_MAX_RANK], from[IMPORT_MAX_RANK];
    for (unsigned i = 0; i < x->rank; i++) {
        bool stays = kept < rank && dim_same(x->dims[i], dims[kept]) && x->rank - i >= rank - kept;
        if (stays) from[kept++] = n->perm[i];
        else if (dim_is(x->dims[i], 1)) gone |= 1u << n->perm[i];
        else return NULL;
    }
    if (kept != rank) return NULL;
    for (unsigned i = 0; i < rank; i++) {
        perm[i] = from[i];
        for (unsigned axis = 0; axis < from[i]; axis++) perm[i] -= gone >> axis & 1;
    }
    return make_permute(g, path, make_squeeze(g, path, n->operands[0], gone), perm);
}

value *make_reshape(graph *g, const char *path, value *x, unsigned rank, const dim *const *dims) {
    while (is_node(x, NODE_RESHAPE)) x = x->producer->operands[0];
    value *type = value_new(g, x->element, rank, dims);
    if (value_shape_same(x, type)) return x;
    if (value_known(x)) {
        value *v = arena_copy(g->arena, x, sizeof *x);
        v->rank = rank;
        for (unsigned i = 0; i < rank; i++) v->dims[i] = dims[i];
        return v;
    }
    value *simpler = index_instead(g, path, x, rank, dims);
    if (!simpler) simpler = range_instead(g, path, x, rank, dims);
    if (!simpler) simpler = reshape_below(g, path, x, rank, dims);
    if (!simpler) simpler = squeeze_below(g, path, x, rank, dims);
    if (simpler) return simpler;
    return one_result(g, NODE_RESHAPE, path, &x, 1, type, NULL);
}

/* Whether the axes that are longer than 1 keep their order: then it is a reshape. */
static bool moves_only_ones(const value *x, const unsigned *perm) {
    int last = -1;
    for (unsigned i = 0; i < x->rank; i++) {
        if (dim_is(x->dims[perm[i]], 1)) continue;
        if ((int)perm[i] < last) return false;
        last = (int)perm[i];
    }
    return true;
}

value *make_permute(graph *g, const char *path, value *x, const unsigned *perm) {
    unsigned whole[IMPORT_MAX_RANK];
    value *known = value_known(x) ? fold_permute(g, x, perm) : NULL;
    if (known) return known;
    if (g->spent) return no_room(g, x);
    for (unsigned i = 0; i < x->rank; i++) whole[i] = perm[i];
    if (is_node(x, NODE_PERMUTE)) {
        const node *inner = x->producer;
        for (unsigned i = 0; i < x->rank; i++) whole[i] = inner->perm[perm[i]];
        x = inner->operands[0];
    }
    value *type = value_like(g, x);
    for (unsigned i = 0; i < x->rank; i++) type->dims[i] = x->dims[whole[i]];
    if (moves_only_ones(x, whole)) return make_reshape(g, path, x, x->rank, type->dims);
    value *v = one_result(g, NODE_PERMUTE, path, &x, 1, type, NULL);
    for (unsigned i = 0; i < x->rank; i++) v->producer->perm[i] = whole[i];
    return v;
}

value *make_slice(graph *g, const char *path, value *x, const slice_axis *axes) {
    value *type = value_new(g, x->element, 0, NULL);
    bool cut = false;
    for (unsigned i = 0; i < x->rank; i++) {
        const slice_axis *s = &axes[i];
        cut |= s->index || s->start || s->stop || s->step > 1;
        if (s->index) continue;
        const dim *begin = s->start ? s->start : dim_const(g->dims, 0), *end = s->stop ? s->stop : x->dims[i];
        const dim *extent = dim_sub(g->dims, end, begin);
        if (s->step > 1)
            extent = dim_floordiv(g->dims, dim_add(g->dims, extent, dim_const(g->dims, s->step - 1)), s->step);
        type->dims[type->rank++] = extent;
    }
    if (!cut) return x;
    if (x->filled) return value_filled(g, x->element, type->rank, type->dims, x->number, x->integer);
    value *known = value_known(x) ? fold_slice(g, x, axes) : NULL; /* not where it is cut at a size of run time */
    if (known) return known;
    if (g->spent) return no_room(g, type);
    value *v = one_result(g, NODE_SLICE, path, &x, 1, type, NULL);
    for (unsigned i = 0; i < x->rank; i++) v->producer->axes[i] = axes[i];
    return v;
}

value *make_squeeze(graph *g, const char *path, value *x, unsigned axes) {
    const dim *dims[IMPORT_MAX_RANK];
    unsigned rank = 0;
    for (unsigned i = 0; i < x->rank; i++)
        if (!(axes >> i & 1)) dims[rank++] = x->dims[i];
    return make_reshape(g, path, x, rank, dims);
}

value *make_unsqueeze(graph *g, const char *path, value *x, unsigned axes) {
    const dim *dims[IMPORT_MAX_RANK];
    unsigned from = 0, rank = 0;
    for (; from < x->rank || axes >> rank; rank++)
        dims[rank] = axes >> rank & 1 ? dim_const(g->dims, 1) : x->dims[from++];
    return make_reshape(g, path, x, rank, dims);
}

/* --- layers ------------------------------------------------------------------------------------------------------- */

static size_t param_count(const layer_param *p) {
    size_t count = 1;
    for (unsigned i = 0; i < p->rank; i++) count *= (size_t)p->dims[i];
    return count;
}

static bool layer_same(const layer *a, const layer *b) {
    if (strcmp(a->kind, b->kind) != 0 || strcmp(a->arguments, b->arguments) != 0 || a->param_count != b->param_count)
        return false;
    for (unsigned i = 0; i < a->param_count; i++) {
        const layer_param *p = &a->params[i], *q = &b->params[i];
        if (strcmp(p->suffix, q->suffix) != 0 || param_count(p) != param_count(q)) return false;
        if (p->data != q->data && memcmp(p->data, q->data, param_count(p) * sizeof *p->data) != 0) return false;
    }
    return true;
}

node *make_layer(graph *g, const char *path, const layer *l, value *const *operands, unsigned count,
                 const value *const *types, unsigned result_count) {
    layer *shared = NULL;
    for (size_t i = 0; i < g->layer_count && !shared && l->param_count; i++)
        if (layer_same(g->layers[i], l)) shared = g->layers[i];
    if (!shared) {
        shared = arena_copy(g->arena, l, sizeof *l);
        ARENA_PUSH(g->arena, g->layers, g->layer_count, g->layer_capacity, shared);
    }
    node *n = node_new(g, NODE_LAYER, path, operands, count, types, result_count);
    n->layer = shared;
    return n;
}

/* --- blocks ------------------------------------------------------------------------------------------------------- */

node *begin_repeat(graph *g, const char *path, const dim *rounds, value *const *rows, unsigned row_count,
                   value *const *first, unsigned carried_count) {
    unsigned count = row_count + carried_count;
    value **operands = ARENA_ARRAY(g->arena, value *, count + 1);
    const value **types = ARENA_ARRAY(g->arena, const value *, count + 1);
    for (unsigned i = 0; i < count; i++) {
        operands[i] = i < row_count ? rows[i] : first[i - row_count];
        types[i] = i < row_count ? value_new(g, rows[i]->element, rows[i]->rank - 1, rows[i]->dims + 1) : operands[i];
    }
    node *n = node_new(g, NODE_REPEAT, path, operands, count, types, count);
    n->row_count = row_count;
    n->carried_count = carried_count;
    n->rounds = row_count ? rows[0]->dims[0] : rounds;
    return n;
}

node *end_repeat(graph *g, node *begin, value *const *next, unsigned carried_count, value *const *collected,
                 unsigned collected_count, value *until) {
    unsigned count = carried_count + collected_count;
    value **operands = ARENA_ARRAY(g->arena, value *, count + 2);
    const value **types = ARENA_ARRAY(g->arena, const value *, count + 1);
    for (unsigned i = 0; i < count; i++) {
        operands[i] = i < carried_count ? next[i] : collected[i - carried_count];
        value *type = value_like(g, operands[i]);
        if (i >= carried_count) {
            type->rank++;
            for (unsigned k = type->rank - 1; k > 0; k--) type->dims[k] = type->dims[k - 1];
            type->dims[0] = begin->rounds;
        }
        types[i] = type;
    }
    operands[count] = until;
    node *n = node_new(g, NODE_END, begin->path, operands, count + (until != NULL), types, count);
    n->until = until != NULL;
    n->carried_count = carried_count;
    n->partner = begin;
    begin->partner = n;
    return n;
}
