/* type: questions about element types and shapes, and their text. */
#include "ir/type.h"

const char *ir_dtype_name(ir_dtype t) { return t == IR_I32 ? "int32" : t == IR_BOOL ? "bool" : "float32"; }

ir_type ir_type_scalar(ir_dtype t) { return (ir_type){.dtype = t}; }

ir_type ir_type_stacked(const dim *count, const ir_type *each) {
    ir_type type = {.dtype = each->dtype, .rank = each->rank + 1, .dims = {count}};
    for (unsigned i = 0; i < each->rank; i++) type.dims[i + 1] = each->dims[i];
    return type;
}

bool ir_shape_same(const ir_type *a, const ir_type *b) {
    if (a->rank != b->rank) return false;
    for (unsigned i = 0; i < a->rank; i++)
        if (!dim_same(a->dims[i], b->dims[i])) return false;
    return true;
}

bool ir_type_same(const ir_type *a, const ir_type *b) { return a->dtype == b->dtype && ir_shape_same(a, b); }

const dim *ir_type_elements(dim_table *t, const ir_type *type) {
    const dim *product = dim_const(t, 1);
    for (unsigned i = 0; i < type->rank; i++) product = dim_mul(t, product, type->dims[i]);
    return product;
}

static void print_shape(const ir_type *type, void (*print_dim)(const dim *d, text *to), text *to) {
    text_add(to, "[");
    for (unsigned i = 0; i < type->rank; i++) {
        if (i) text_add(to, ", ");
        print_dim(type->dims[i], to);
    }
    text_add(to, "]");
}

const char *ir_shape_string(arena *a, const ir_type *type) {
    text t = text_new(a);
    print_shape(type, dim_print, &t);
    return text_string(&t);
}

const char *ir_type_string(arena *a, const ir_type *type) {
    text t = text_new(a);
    text_add(&t, ir_dtype_name(type->dtype));
    print_shape(type, dim_print, &t);
    return text_string(&t);
}

const char *ir_type_short(arena *a, const ir_type *type) {
    text t = text_new(a);
    text_add(&t, ir_dtype_name(type->dtype));
    print_shape(type, dim_print_short, &t);
    return text_string(&t);
}
