/* torch_rebuild: tensors out of storages, as torch._utils and torch._tensor make them. */
#include <string.h>

#include "weights/torch.h"

/* A size: a tuple, or a torch.Size of one. */
static const pickle_list *tuple_of(pickle_value v) {
    bool size = v.kind == PICKLE_OBJECT && strcmp(v.as.object->class_name, "torch.Size") == 0 &&
                v.as.object->args.kind == PICKLE_TUPLE && v.as.object->args.as.list->count == 1;
    if (size) v = v.as.object->args.as.list->items[0];
    return v.kind == PICKLE_TUPLE || v.kind == PICKLE_LIST ? v.as.list : NULL;
}

/* What is no dense tensor of numbers in a storage: its kind is told when a model wants it. */
static const char *unreadable(arena *a, const char *what, const char *mend,
                              const pickle_value *sizes, pickle_value *result) {
    tensor *t = ARENA_NEW(a, tensor);
    t->name = "";
    t->dtype = TENSOR_OTHER;
    t->dtype_name = what;
    t->mend = mend;
    int64_t shape[TENSOR_MAX_RANK];
    const pickle_list *l = sizes ? tuple_of(*sizes) : NULL;
    bool good = l && l->count <= TENSOR_MAX_RANK;
    for (size_t i = 0; good && i < l->count; i++)
        good = pickle_integer(l->items[i], &shape[i]) && shape[i] >= 0;
    if (good) good = tensor_set_shape(t, shape, (unsigned)l->count);
    if (!good) tensor_set_shape(t, shape, 0);
    *result = (pickle_value){.kind = PICKLE_TENSOR, .as.tensor = t};
    return NULL;
}

/* --- what pickles call ------------------------------------------------------------------------ */

/* (storage, offset, size, stride, …) */
static const char *tensor_of(arena *a, const pickle_list *args, const element_type *type,
                             pickle_value *result) {
    if (args->count < 4) return arena_printf(a, "%zu arguments are too few", args->count);
    int64_t offset, shape[TENSOR_MAX_RANK], strides[TENSOR_MAX_RANK];
    if (args->items[0].kind != PICKLE_STORAGE) return "its first argument is no storage";
    const torch_storage *s = args->items[0].as.storage;
    const pickle_list *sizes = tuple_of(args->items[2]), *steps = tuple_of(args->items[3]);
    if (!pickle_integer(args->items[1], &offset) || !sizes || !steps)
        return "its arguments are no place in a storage";
    if (sizes->count != steps->count) return "it has not as many strides as sizes";
    if (sizes->count > TENSOR_MAX_RANK)
        return unreadable(a, arena_printf(a, "a tensor of %zu dimensions", sizes->count), NULL, NULL,
                          result);
    for (size_t i = 0; i < sizes->count; i++)
        if (!pickle_integer(sizes->items[i], &shape[i]) ||
            !pickle_integer(steps->items[i], &strides[i])) {
            /* a number beyond 64 bits */
            unreadable(a, "", NULL, NULL, result);
            result->as.tensor->problem = "has a size or stride that is no number nnc can count";
            return NULL;
        }
    tensor *t =
        torch_tensor(a, s, type ? type : s->type, offset, shape, strides, (unsigned)sizes->count);
    *result = (pickle_value){.kind = PICKLE_TENSOR, .as.tensor = t};
    return NULL;
}

const char *rebuild_tensor(arena *a, const pickle_list *args, pickle_value *result) {
    return tensor_of(a, args, NULL, result);
}

static const char *dtype_word(pickle_value v) {
    bool is = v.kind == PICKLE_NAME && strncmp(v.as.name, "torch.", 6) == 0;
    return is ? v.as.name + 6 : NULL;
}

/* (storage, offset, size, stride, requires_grad, backward_hooks, dtype, …) */
const char *rebuild_tensor_v3(arena *a, const pickle_list *args, pickle_value *result) {
    const char *word = args->count >= 7 ? dtype_word(args->items[6]) : NULL;
    if (!word) return "it has no dtype";
    const element_type *type = element_of_torch(word);
    return type ? tensor_of(a, args, type, result) : unreadable(a, word, NULL, &args->items[2], result);
}

/* (data, requires_grad, backward_hooks, …): the data. */
const char *rebuild_parameter(arena *a, const pickle_list *args, pickle_value *result) {
    if (!args->count) return arena_printf(a, "%zu arguments are too few", args->count);
    if (args->items[0].kind != PICKLE_TENSOR) return "its first argument is no tensor";
    *result = args->items[0];
    return NULL;
}

/* (function, class, args, state): what the function makes of args; a class of its own makes no
 * other numbers. */
const char *rebuild_from_type(arena *a, const pickle_list *args, pickle_value *result) {
    static const struct {
        const char *name;
        torch_callable *call;
    } functions[] = {
        {"torch._utils._rebuild_tensor_v2", rebuild_tensor},
        {"torch._utils._rebuild_tensor_v3", rebuild_tensor_v3},
        {"torch._utils._rebuild_parameter", rebuild_parameter},
        {"torch._utils._rebuild_parameter_with_state", rebuild_parameter},
        {"torch._utils._rebuild_qtensor", rebuild_quantized},
        {"torch._utils._rebuild_sparse_tensor", rebuild_sparse},
        {"torch._utils._rebuild_meta_tensor_no_storage", rebuild_meta},
    };
    if (args->count < 3 || args->items[0].kind != PICKLE_NAME ||
        args->items[2].kind != PICKLE_TUPLE)
        return "it has no function and arguments";
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].name, args->items[0].as.name) == 0)
            return functions[i].call(a, args->items[2].as.list, result);
    return arena_printf(a,
                        "it wants to call %s, which is not among what nnc knows; nothing was run",
                        tensor_name_quoted(a, args->items[0].as.name));
}

static const pickle_value *argument(const pickle_list *args, size_t i) {
    return args->count > i ? &args->items[i] : NULL;
}

const char *rebuild_quantized(arena *a, const pickle_list *args, pickle_value *result) {
    bool typed = args->count && args->items[0].kind == PICKLE_STORAGE;
    const char *type = typed ? args->items[0].as.storage->type->name : "unknown";
    return unreadable(a, arena_printf(a, "%s (a quantized tensor)", type),
                      "save it as float32: " TENSOR_SAVED_BY("dequantize"), argument(args, 2), result);
}

/* (layout, (indices, values, size, …)) */
const char *rebuild_sparse(arena *a, const pickle_list *args, pickle_value *result) {
    const pickle_value *parts = argument(args, 1);
    const pickle_list *l = parts ? tuple_of(*parts) : NULL;
    return unreadable(a, "sparse (a sparse tensor)", "save it dense: " TENSOR_SAVED_BY("to_dense"),
                      l && l->count > 2 ? &l->items[2] : NULL, result);
}

const char *rebuild_nested(arena *a, const pickle_list *args, pickle_value *result) {
    (void)args;
    return unreadable(a, "nested (a nested tensor)",
                      "it has rows of several lengths: save each as a tensor of its own", NULL, result);
}

const char *rebuild_meta(arena *a, const pickle_list *args, pickle_value *result) {
    return unreadable(a, "meta (a tensor on the meta device, which has no numbers)",
                      "give the model its numbers before it is saved: model.to_empty(device=\"cpu\"), then "
                      "model.load_state_dict(…)",
                      argument(args, 1), result);
}

const char *rebuild_subclass(arena *a, const pickle_list *args, pickle_value *result) {
    const pickle_value *c = argument(args, 0);
    const char *name = c && c->kind == PICKLE_NAME ? c->as.name : "a class of its own";
    return unreadable(a, arena_printf(a, "%s (a tensor subclass)", name),
                      "save plain tensors: what makes them of these is its library's (torchao: dequantize())",
                      argument(args, 2), result);
}

/* (array or tensor, dtype, device, requires_grad): of a TPU or the like, written as it is on the
 * CPU. */
const char *rebuild_device_tensor(arena *a, const pickle_list *args, pickle_value *result) {
    const pickle_value *data = argument(args, 0);
    tensor *t = !data                         ? NULL
                : data->kind == PICKLE_TENSOR ? data->as.tensor
                                              : numpy_tensor(a, *data);
    if (!t) return "its first argument is no array";
    const char *word = args->count > 1 ? dtype_word(args->items[1]) : NULL;
    const element_type *type = word ? element_of_torch(word) : NULL;
    /* NumPy has no bfloat16: such tensors are written as float32, which holds their numbers */
    if (type && type->dtype == TENSOR_OTHER && t->dtype != TENSOR_OTHER)
        return unreadable(a, type->name, NULL, NULL, result);
    *result = (pickle_value){.kind = PICKLE_TENSOR, .as.tensor = t};
    return NULL;
}
