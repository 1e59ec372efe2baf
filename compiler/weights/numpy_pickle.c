/* numpy_pickle: arrays inside of pickles.
 *
 * _reconstruct(ndarray, (0,), b"b") and BUILD (1, shape, dtype, fortran_order, bytes), the dtype an
 * object of dtype("f4", …) and BUILD (3, "<", …); in protocol 5 _frombuffer(bytes, dtype, shape,
 * "C") or "F".
 */
#include <string.h>

#include "weights/torch.h"

static const char array_class[] = "numpy.ndarray",
                  buffer_class[] = "numpy.core.numeric._frombuffer";

const char *numpy_reconstruct(arena *a, const pickle_list *args, pickle_value *result) {
    *result = pickle_object_new(a, array_class, pickle_tuple_of(a, args->items, args->count));
    return NULL;
}

const char *numpy_frombuffer(arena *a, const pickle_list *args, pickle_value *result) {
    *result = pickle_object_new(a, buffer_class, pickle_tuple_of(a, args->items, args->count));
    return NULL;
}

static bool is_object(pickle_value v, const char *class_name) {
    return v.kind == PICKLE_OBJECT && strcmp(v.as.object->class_name, class_name) == 0;
}

static const element_type *dtype_of(arena *a, pickle_value v, bool *big_endian) {
    if (!is_object(v, "numpy.dtype")) return NULL;
    const pickle_value args = v.as.object->args, state = v.as.object->state;
    if (args.kind != PICKLE_TUPLE || !args.as.list->count) return NULL;
    const char *name = pickle_string(a, args.as.list->items[0]);
    bool built = state.kind == PICKLE_TUPLE && state.as.list->count > 1;
    *big_endian = built && pickle_is_text(state.as.list->items[1], ">");
    return name ? element_of_numpy(name) : NULL;
}

static tensor *tensor_of(arena *a, pickle_value shape, pickle_value dtype, pickle_value bytes,
                         bool fortran_order) {
    bool big_endian;
    const element_type *type = dtype_of(a, dtype, &big_endian);
    if (!type || shape.kind != PICKLE_TUPLE ||
        (bytes.kind != PICKLE_BYTES && bytes.kind != PICKLE_TEXT))
        return NULL;
    const pickle_list *l = shape.as.list;
    int64_t sizes[TENSOR_MAX_RANK], strides[TENSOR_MAX_RANK];
    if (l->count > TENSOR_MAX_RANK) return NULL;
    for (size_t i = 0; i < l->count; i++)
        if (!pickle_integer(l->items[i], &sizes[i]) || sizes[i] < 0) return NULL;
    int64_t step = 1;
    for (size_t n = 0; n < l->count; n++) {
        size_t i = fortran_order ? n : l->count - 1 - n;
        strides[i] = step;
        if (__builtin_mul_overflow(step, sizes[i], &step)) return NULL;
    }
    tensor_storage *s = ARENA_NEW(a, tensor_storage);
    *s = (tensor_storage){.name = "array", .size = bytes.as.text->length, .big_endian = big_endian};
    s->bytes = (const unsigned char *)bytes.as.text->bytes;
    const torch_storage whole = {s, type, 0, s->size};
    tensor *t = torch_tensor(a, &whole, type, 0, sizes, strides, (unsigned)l->count);
    if (!t->problem && t->elements * type->bytes != s->size)
        t->problem = "has more bytes than its shape needs";
    return t;
}

tensor *numpy_tensor(arena *a, pickle_value v) {
    if (is_object(v, array_class)) {
        const pickle_value state = v.as.object->state;
        if (state.kind != PICKLE_TUPLE || state.as.list->count != 5) return NULL;
        const pickle_value *part = state.as.list->items;
        int64_t fortran_order;
        if (!pickle_integer(part[3], &fortran_order)) return NULL;
        return tensor_of(a, part[1], part[2], part[4], fortran_order != 0);
    }
    if (!is_object(v, buffer_class) || v.as.object->args.as.list->count < 4) return NULL;
    const pickle_value *part = v.as.object->args.as.list->items;
    return tensor_of(a, part[2], part[1], part[0], pickle_is_text(part[3], "F"));
}
