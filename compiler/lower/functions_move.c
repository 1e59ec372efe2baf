/* functions_move: the same elements, some of them more than once, turned round, or in parts. */
#include "lower/lowering.h"

#define PARAMETERS(array) array, sizeof array / sizeof *array

static const char *shown(lowering *l, const arguments *a) { return type_show(l, &args_tensor(a, 0)->type); }

/* --- more of them ------------------------------------------------------------------------------------------------ */

/* Dims of size 1 become any size, new ones come in front, -1 keeps a size. */
static value lower_expand(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    const value *sizes = &a->values[1];
    unsigned rank = (unsigned)sizes->count, added = rank - x->type.rank;
    const dim *dims[IR_MAX_RANK];
    if (!shape_rank_fits(l, sizes->count, args_where(a, 1))) return value_poison(where);
    if (rank < x->type.rank) {
        diag *e = diag_error(l->diags, args_where(a, 1), "%s needs a size for each of the %u dims of %s, found %u",
                             a->what, x->type.rank, shown(l, a), rank);
        note_argument(l, e, a, 0, args_where(a, 1));
        return value_poison(where);
    }
    for (unsigned i = 0; i < rank; i++) {
        const dim *own = i >= added ? x->type.dims[i - added] : NULL;
        const dim *size = dims[i] = sizes->items[i].integer;
        if (dim_is(size, -1) && own) dims[i] = own;
        else if (dim_is_huge(size) || dim_min(size) < 1) {
            diag *e = diag_error(l->diags, sizes->items[i].where, "a size must be at least 1, found %s",
                                 dim_short(l->arena, size));
            if (dim_is(size, -1)) diag_hint(e, "-1 keeps the size of a dim that is there");
            return value_poison(where);
        } else if (own && !dim_is(own, 1) && !dim_same(own, size)) {
            diag *e =
                diag_error(l->diags, sizes->items[i].where, "%s makes more of dims of size 1 only: dim %u of %s is %s",
                           a->what, i - added, shown(l, a), dim_short(l->arena, own));
            note_argument(l, e, a, 0, sizes->items[i].where);
            diag_hint(e, "repeat(x, …) repeats any dim");
            return value_poison(where);
        }
    }
    return value_tensor(l, build_expand(l, x, dims, rank, where), where);
}

/* x as one dim before the axis, the axis, and one behind it. */
static ir_value *around_axis(lowering *l, ir_value *x, unsigned axis, const dim **before, const dim **behind,
                             span where) {
    dim_table *t = l->model->dims;
    *before = *behind = build_dim(l, 1);
    for (unsigned i = 0; i < x->type.rank; i++)
        if (i != axis) *(i < axis ? before : behind) = dim_mul(t, i < axis ? *before : *behind, x->type.dims[i]);
    const dim *dims[] = {*before, x->type.dims[axis], *behind};
    return build_reshape(l, x, dims, 3, where);
}

/* The axis `times` over: as a whole, or each of its elements. */
static ir_value *repeated(lowering *l, ir_value *x, unsigned axis, const dim *times, bool each, span where) {
    if (dim_is(times, 1)) return x;
    const dim *before, *behind, *one = build_dim(l, 1), *extent = x->type.dims[axis];
    ir_type type = x->type;
    type.dims[axis] = dim_mul(l->model->dims, extent, times);
    x = around_axis(l, x, axis, &before, &behind, where);
    const dim *apart[] = {before, each ? extent : one, each ? one : extent, behind};
    const dim *wide[] = {before, each ? extent : times, each ? times : extent, behind};
    x = build_expand(l, build_reshape(l, x, apart, 4, where), wide, 4, where);
    return build_reshape(l, x, type.dims, type.rank, where);
}

/* torch's repeat has a number for each dim of the result; tile takes fewer, for the last ones. */
static value lower_tile(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    const dim *times[IR_MAX_RANK], *dims[IR_MAX_RANK];
    unsigned count, rank = x->type.rank;
    bool tiles = strcmp(a->what, "tile") == 0;
    if (!shape_sizes(l, a, 1, times, &count)) return value_poison(where);
    if (count < rank && !tiles) {
        diag *e = diag_error(l->diags, args_where(a, 1),
                             "repeat needs a number for each of the %u dims of %s, found %u", rank, shown(l, a), count);
        note_argument(l, e, a, 0, args_where(a, 1));
        diag_hint(e, "a loop is a statement of its own: repeat N { … }");
        return value_poison(where);
    }
    unsigned wide = count > rank ? count : rank;
    for (unsigned i = 0; i < wide; i++) dims[i] = i < wide - rank ? build_dim(l, 1) : x->type.dims[i - (wide - rank)];
    ir_value *v = build_reshape(l, x, dims, wide, where);
    for (unsigned i = wide; i-- > 0;) {
        if (i < wide - count) break;
        v = repeated(l, v, i, times[i - (wide - count)], false, where);
        if (value_tensor(l, v, where).kind == VALUE_POISON) return value_poison(where);
    }
    return value_tensor(l, v, where);
}

static ir_value *flat(lowering *l, ir_value *x, span where) {
    const dim *elements = ir_type_elements(l->model->dims, &x->type);
    return build_reshape(l, x, &elements, 1, where);
}

static value lower_repeat_interleave(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    unsigned axis = 0, one;
    const dim *times;
    if (a->values[1].kind != VALUE_INTEGER) {
        diag *e = diag_error(l->diags, args_where(a, 1), "repeats of repeat_interleave must be one number, found %s",
                             value_show(l, &a->values[1]));
        diag_hint(e, "a tensor of numbers would make a shape that only the run knows");
        return value_poison(where);
    }
    if (!shape_sizes(l, a, 1, &times, &one)) return value_poison(where);
    if (!args_has(a, 2)) x = flat(l, x, where);
    else if (!shape_axis(l, args_integer(a, 2, 0), x->type.rank, args_where(a, 2), shown(l, a), &axis))
        return value_poison(where);
    return value_tensor(l, repeated(l, x, axis, times, true, where), where);
}

/* --- turned ------------------------------------------------------------------------------------------------------ */

static value lower_flip(lowering *l, const arguments *a, ir_op op) {
    ir_value *x = args_tensor(a, 0);
    unsigned axes;
    if (!shape_axes(l, a, 1, x->type.rank, shown(l, a), &axes)) return value_poison(a->call->where);
    if (a->values[1].kind == VALUE_TUPLE && !a->values[1].count) axes = 0;
    for (unsigned i = 0; i < x->type.rank; i++)
        if (dim_is(x->type.dims[i], 1)) axes &= ~(1u << i);
    if (!axes) return value_tensor(l, x, a->call->where);
    ir_value *v = build_unary(l, op, x, a->call->where);
    v->producer->attrs.axes = axes;
    return value_tensor(l, v, a->call->where);
}

static ir_value *rolled(lowering *l, ir_value *x, unsigned axis, int64_t shift, ir_op op, span where) {
    int64_t extent;
    if (dim_is_const(x->type.dims[axis], &extent)) shift = (shift % extent + extent) % extent;
    if (!shift) return x;
    ir_value *v = build_unary(l, op, x, where);
    v->producer->attrs.axis = axis;
    v->producer->attrs.shift = shift;
    return v;
}

static value lower_roll(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    const value *shifts = &a->values[1], *dims = &a->values[2];
    size_t count = shifts->kind == VALUE_TUPLE ? shifts->count : 1;
    const value *shift = shifts->kind == VALUE_TUPLE ? shifts->items : shifts;
    for (size_t i = 0; i < count; i++) {
        if (value_number(&shift[i]) >= -INT32_MAX && value_number(&shift[i]) <= INT32_MAX) continue;
        diag_error(l->diags, args_where(a, 1), "a shift of roll must fit int32, found %s", value_show(l, &shift[i]));
        return value_poison(where);
    }
    if (!args_has(a, 2) || (dims->kind == VALUE_TUPLE && !dims->count)) {
        if (count != 1 || !x->type.rank) {
            diag_error(l->diags, where, "roll without dims takes one shift, of all elements in a row");
            return value_poison(where);
        }
        ir_value *v = rolled(l, flat(l, x, where), 0, (int64_t)value_number(shift), op, where);
        return value_tensor(l, build_reshape(l, v, x->type.dims, x->type.rank, where), where);
    }
    size_t axes = dims->kind == VALUE_TUPLE ? dims->count : 1;
    const value *axis_of = dims->kind == VALUE_TUPLE ? dims->items : dims;
    if (axes != count) {
        diag_error(l->diags, args_where(a, 2), "roll has %zu shift%s for %zu dim%s", count, count == 1 ? "" : "s", axes,
                   axes == 1 ? "" : "s");
        return value_poison(where);
    }
    for (size_t i = 0; i < count; i++) {
        unsigned axis;
        if (!shape_axis(l, (int64_t)value_number(&axis_of[i]), x->type.rank, args_where(a, 2), shown(l, a), &axis))
            return value_poison(where);
        x = rolled(l, x, axis, (int64_t)value_number(&shift[i]), op, where);
    }
    return value_tensor(l, x, where);
}

/* A matrix transposed; a vector and a scalar are what they are. */
static value lower_t(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    ir_value *x = args_tensor(a, 0);
    if (x->type.rank > 2) {
        diag *e = diag_error(l->diags, args_where(a, 0), "t needs at most 2 dims, found %s", shown(l, a));
        note_argument(l, e, a, 0, args_where(a, 0));
        diag_hint(e, "transpose(x, dim0, dim1), or permute(x, …)");
        return value_poison(a->call->where);
    }
    if (x->type.rank == 2) x = build_swap(l, x, 0, 1, a->call->where);
    return value_tensor(l, x, a->call->where);
}

/* The dims of `source` go to the places of `destination`; the others keep their order. */
static value lower_movedim(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    unsigned from_axes, to_axes, perm[IR_MAX_RANK], rank = x->type.rank, taken = 0;
    if (!shape_axes(l, a, 1, rank, shown(l, a), &from_axes) || !shape_axes(l, a, 2, rank, shown(l, a), &to_axes))
        return value_poison(where);
    const value *from = &a->values[1], *to = &a->values[2];
    size_t count = from->kind == VALUE_TUPLE ? from->count : 1, places = to->kind == VALUE_TUPLE ? to->count : 1;
    if (count != places) {
        diag_error(l->diags, where, "movedim has %zu dim%s for %zu place%s", count, count == 1 ? "" : "s", places,
                   places == 1 ? "" : "s");
        return value_poison(where);
    }
    if (!count) return value_tensor(l, x, where);
    for (unsigned i = 0; i < rank; i++) perm[i] = rank;
    for (size_t i = 0; i < count; i++) {
        int64_t origin = (int64_t)value_number(from->kind == VALUE_TUPLE ? &from->items[i] : from);
        int64_t place = (int64_t)value_number(to->kind == VALUE_TUPLE ? &to->items[i] : to);
        perm[place < 0 ? place + rank : place] = (unsigned)(origin < 0 ? origin + rank : origin);
    }
    for (unsigned i = 0; i < rank; i++) {
        if (perm[i] != rank) continue;
        while (from_axes >> taken & 1) taken++;
        perm[i] = taken++;
    }
    return value_tensor(l, build_permute(l, x, perm, where), where);
}

/* --- parts ------------------------------------------------------------------------------------------------------- */

typedef struct {
    ir_value *x;
    unsigned axis;
    const dim *begin; /* of the next part */
    value *items;
    size_t count, capacity;
} parts;

static bool parts_begin(lowering *l, const arguments *a, size_t dim_argument, parts *p) {
    *p = (parts){.x = args_tensor(a, 0), .begin = build_dim(l, 0)};
    return shape_axis(l, args_integer(a, dim_argument, 0), p->x->type.rank, args_where(a, dim_argument), shown(l, a),
                      &p->axis);
}

static void add_part(lowering *l, parts *p, const dim *extent, span where) {
    ir_value *v = build_slice(l, p->x, p->axis, p->begin, extent, 1, where);
    value item = value_tensor(l, v, where);
    ARENA_PUSH(l->arena, p->items, p->count, p->capacity, item);
    p->begin = dim_add(l->model->dims, p->begin, extent);
}

/* The number of parts is known at compile time. False after reporting. */
static bool extent_is_known(lowering *l, const arguments *a, const parts *p, int64_t *extent) {
    const dim *size = p->x->type.dims[p->axis];
    if (dim_is_const(size, extent)) return true;
    diag *e = diag_error(l->diags, a->call->where, "%s needs a constant size to divide: dim %u of %s is %s", a->what,
                         p->axis, shown(l, a), dim_short(l->arena, size));
    note_argument(l, e, a, 0, a->call->where);
    const char *bounds = bounds_show(l, size);
    if (bounds) diag_note_plain(e, "%s", bounds);
    diag_hint(e, strcmp(a->what, "unbind") == 0 ? "repeat row in x { … } goes over the rows of a run-time dim"
                                                : "split(x, [n, T - n]) takes run-time sizes");
    return false;
}

static bool at_least_1(lowering *l, const arguments *a, size_t i, int64_t n) {
    if (n >= 1) return true;
    diag_error(l->diags, args_where(a, i), "%s of %s must be at least 1, found %lld", a->parameters[i].name, a->what,
               (long long)n);
    return false;
}

static value parts_end(lowering *l, const arguments *a, parts *p) {
    value v = value_tuple(l, p->items, p->count, a->call->where);
    v.gives = arena_printf(l->arena, "%s gives a tuple of %zu part%s", a->what, p->count, p->count == 1 ? "" : "s");
    v.mend = "bind its parts to names, a, b = …, or take one by its index";
    return v;
}

/* Parts of one size, the last one perhaps smaller. */
static value equal_parts(lowering *l, const arguments *a, parts *p, int64_t size, int64_t extent) {
    enum { MOST = 4096 };
    if ((extent + size - 1) / size > MOST) {
        diag_error(l->diags, a->call->where, "%s would give %lld parts; at most %d are allowed", a->what,
                   (long long)((extent + size - 1) / size), MOST);
        return value_poison(a->call->where);
    }
    for (int64_t at = 0; at < extent; at += size)
        add_part(l, p, build_dim(l, extent - at < size ? extent - at : size), a->call->where);
    return parts_end(l, a, p);
}

static value lower_chunk(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    parts p;
    int64_t count = args_integer(a, 1, 1), extent;
    if (!parts_begin(l, a, 2, &p) || !at_least_1(l, a, 1, count)) return value_poison(a->call->where);
    const dim *even = dim_divide_exact(l->model->dims, p.x->type.dims[p.axis], build_dim(l, count));
    if (even && count <= INT16_MAX && !dim_is_const(even, NULL)) {
        for (int64_t i = 0; i < count; i++) add_part(l, &p, even, a->call->where);
        return parts_end(l, a, &p);
    }
    if (!extent_is_known(l, a, &p, &extent)) return value_poison(a->call->where);
    return equal_parts(l, a, &p, (extent + count - 1) / count, extent);
}

static value lower_split(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    parts p;
    span where = a->call->where;
    int64_t extent, size;
    if (!parts_begin(l, a, 2, &p)) return value_poison(where);
    const value *sizes = &a->values[1];
    if (sizes->kind == VALUE_INTEGER) {
        if (!dim_is_const(sizes->integer, &size)) {
            diag *e = diag_error(l->diags, args_where(a, 1),
                                 "split by a run-time size, %s, gives a number of parts that only the run knows",
                                 dim_short(l->arena, sizes->integer));
            diag_hint(e, "split(x, [n, T - n]) takes run-time sizes");
            return value_poison(where);
        }
        if (!at_least_1(l, a, 1, size) || !extent_is_known(l, a, &p, &extent)) return value_poison(where);
        return equal_parts(l, a, &p, size, extent);
    }
    const dim *sum = build_dim(l, 0), *whole = p.x->type.dims[p.axis];
    for (size_t i = 0; i < sizes->count; i++) {
        const dim *one = sizes->items[i].integer;
        if (dim_is_huge(one) || dim_min(one) < 1) {
            diag *e = diag_error(l->diags, sizes->items[i].where, "a size must be at least 1, found %s",
                                 dim_short(l->arena, one));
            const char *bounds = bounds_show(l, one);
            if (bounds) diag_note_plain(e, "%s", bounds);
            return value_poison(where);
        }
        sum = dim_add(l->model->dims, sum, one);
    }
    if (!sizes->count || !dim_same(sum, whole)) {
        diag *e = diag_error(l->diags, args_where(a, 1), "the sizes of split add up to %s, but dim %u of %s is %s",
                             dim_short(l->arena, sum), p.axis, shown(l, a), dim_short(l->arena, whole));
        note_argument(l, e, a, 0, args_where(a, 1));
        return value_poison(where);
    }
    for (size_t i = 0; i < sizes->count; i++) add_part(l, &p, sizes->items[i].integer, where);
    return parts_end(l, a, &p);
}

/* x without the axis, which is of size 1. */
static ir_value *without_axis(lowering *l, ir_value *x, unsigned axis, span where) {
    const dim *dims[IR_MAX_RANK];
    for (unsigned i = 0; i + 1 < x->type.rank; i++) dims[i] = x->type.dims[i + (i >= axis)];
    return build_reshape(l, x, dims, x->type.rank - 1, where);
}

static value lower_unbind(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    parts p;
    int64_t extent;
    if (!parts_begin(l, a, 1, &p) || !extent_is_known(l, a, &p, &extent)) return value_poison(a->call->where);
    value all = equal_parts(l, a, &p, 1, extent);
    for (size_t i = 0; i < p.count && all.kind == VALUE_TUPLE; i++)
        p.items[i].tensor = without_axis(l, p.items[i].tensor, p.axis, a->call->where);
    return all.kind == VALUE_TUPLE ? parts_end(l, a, &p) : all;
}

/* x[start : start + extent] along dim, where x, dim and start are the first three arguments; NULL:
 * that does not fit. */
static ir_value *narrowed(lowering *l, const arguments *a, const dim *extent, unsigned *axis) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    if (!shape_axis(l, args_integer(a, 1, 0), x->type.rank, args_where(a, 1), shown(l, a), axis))
        return NULL;
    const dim *size = x->type.dims[*axis], *start = a->values[2].integer;
    if (dim_max(start) < 0) start = dim_add(l->model->dims, size, start);
    if (!shape_slice_fits(l, a, start, extent, size, where)) return NULL;
    return build_slice(l, x, *axis, start, extent, 1, where);
}

static value lower_narrow(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    unsigned axis;
    ir_value *part = narrowed(l, a, a->values[3].integer, &axis);
    return part ? value_tensor(l, part, a->call->where) : value_poison(a->call->where);
}

static value lower_select(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    unsigned axis;
    ir_value *one = narrowed(l, a, build_dim(l, 1), &axis);
    if (!one) return value_poison(a->call->where);
    return value_tensor(l, without_axis(l, one, axis, a->call->where), a->call->where);
}

/* ----------------------------------------------------------------------------------------------------------------- */

#define INPUT {"input", TAKES_TENSOR | REQUIRED}
#define DIM   {"dim", TAKES_INTEGER | REQUIRED}
#define AXES  TAKES_INTEGER | TAKES_INTEGERS

static const parameter one[] = {INPUT};
static const parameter expand[] = {INPUT, {"size", TAKES_SIZES | VARIADIC | REQUIRED}};
static const parameter repeat[] = {INPUT, {"repeats", TAKES_SIZES | VARIADIC | REQUIRED}};
static const parameter tile[] = {INPUT, {"dims", TAKES_SIZES | VARIADIC | REQUIRED}};
static const parameter interleave[] = {
    INPUT, {"repeats", TAKES_SIZE | TAKES_TENSOR | REQUIRED}, {"dim", TAKES_INTEGER | TAKES_NONE}};
static const parameter flip[] = {INPUT, {"dims", TAKES_INTEGERS | VARIADIC | REQUIRED}};
static const parameter roll[] = {INPUT, {"shifts", AXES | REQUIRED}, {"dims", AXES | TAKES_NONE}};
static const parameter movedim[] = {INPUT, {"source", AXES | REQUIRED}, {"destination", AXES | REQUIRED}};
static const parameter chunk[] = {INPUT, {"chunks", TAKES_INTEGER | REQUIRED}, {"dim", TAKES_INTEGER}};
static const parameter split[] = {
    INPUT, {"split_size_or_sections", TAKES_SIZE | TAKES_SIZES | REQUIRED}, {"dim", TAKES_INTEGER}};
static const parameter unbind[] = {INPUT, {"dim", TAKES_INTEGER}};
static const parameter narrow[] = {INPUT, DIM, {"start", TAKES_SIZE | REQUIRED}, {"length", TAKES_SIZE | REQUIRED}};
static const parameter selected[] = {INPUT, DIM, {"index", TAKES_SIZE | REQUIRED}};

const function functions_move[] = {
    {"expand", PARAMETERS(expand), lower_expand, 0},
    {"broadcast_to", PARAMETERS(expand), lower_expand, 0},
    {"repeat", PARAMETERS(repeat), lower_tile, 0},
    {"tile", PARAMETERS(tile), lower_tile, 0},
    {"repeat_interleave", PARAMETERS(interleave), lower_repeat_interleave, 0},
    {"flip", PARAMETERS(flip), lower_flip, IR_FLIP},
    {"roll", PARAMETERS(roll), lower_roll, IR_ROLL},
    {"t", PARAMETERS(one), lower_t, 0},
    {"movedim", PARAMETERS(movedim), lower_movedim, 0},
    {"moveaxis", PARAMETERS(movedim), lower_movedim, 0},
    {"chunk", PARAMETERS(chunk), lower_chunk, 0},
    {"split", PARAMETERS(split), lower_split, 0},
    {"unbind", PARAMETERS(unbind), lower_unbind, 0},
    {"narrow", PARAMETERS(narrow), lower_narrow, 0},
    {"select", PARAMETERS(selected), lower_select, 0},
    {NULL, NULL, 0, NULL, 0},
};
