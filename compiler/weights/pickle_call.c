/* pickle_call: all that a pickle may call. Each name stands here in full; what is not here is
 * refused by its name.
 *
 * Nothing is looked up by these names outside of this table, and no row does more than make a
 * value: an object that is carried, a container, a text, or a tensor that torch_rebuild.c and
 * numpy_pickle.c check.
 */
#include <string.h>

#include "weights/torch.h"

/* --- plain values ----------------------------------------------------------------------------- */

/* OrderedDict(), and of Python 2 OrderedDict([[key, value], …]); defaultdict(factory). */
static const char *ordered_dict(arena *a, const pickle_list *args, pickle_value *result) {
    *result = pickle_dict_new(a);
    if (!args->count || (args->items[0].kind != PICKLE_LIST && args->items[0].kind != PICKLE_TUPLE))
        return NULL;
    const pickle_list *pairs = args->items[0].as.list;
    for (size_t i = 0; i < pairs->count; i++) {
        pickle_value pair = pairs->items[i];
        if ((pair.kind != PICKLE_LIST && pair.kind != PICKLE_TUPLE) || pair.as.list->count != 2)
            return "its items are no pairs";
        pickle_list_add(a, result->as.list, pair.as.list->items[0]);
        pickle_list_add(a, result->as.list, pair.as.list->items[1]);
    }
    return NULL;
}

static const char *default_dict(arena *a, const pickle_list *args, pickle_value *result) {
    (void)args;
    *result = pickle_dict_new(a);
    return NULL;
}

/* set([…]), frozenset([…]) of protocols 2 and 3. */
static const char *set(arena *a, const pickle_list *args, pickle_value *result) {
    bool of_list =
        args->count && (args->items[0].kind == PICKLE_LIST || args->items[0].kind == PICKLE_TUPLE);
    *result = of_list
                  ? pickle_tuple_of(a, args->items[0].as.list->items, args->items[0].as.list->count)
                  : pickle_tuple_of(a, NULL, 0);
    result->kind = PICKLE_SET;
    return NULL;
}

/* Latin-1 out of the UTF-8 that a pickle keeps: how Python 3 writes bytes in protocol 2. */
static const char *latin1(arena *a, const pickle_text *from, pickle_value *result) {
    char *bytes = arena_alloc(a, from->length + 1);
    size_t length = 0;
    for (size_t i = 0; i < from->length; i++) {
        unsigned char c = (unsigned char)from->bytes[i];
        unsigned char next = i + 1 < from->length ? (unsigned char)from->bytes[i + 1] : 0;
        if (c >= 0x80) {
            if ((c != 0xC2 && c != 0xC3) || next >> 6 != 2) return "its text is not Latin-1";
            c = (unsigned char)(c << 6 | (next & 0x3F));
            i++;
        }
        bytes[length++] = (char)c;
    }
    pickle_text *t = ARENA_NEW(a, pickle_text);
    *t = (pickle_text){bytes, length};
    *result = (pickle_value){.kind = PICKLE_BYTES, .as.text = t};
    return NULL;
}

static const char *encode(arena *a, const pickle_list *args, pickle_value *result) {
    if (args->count < 1 || args->items[0].kind != PICKLE_TEXT) return "it has no text";
    if (args->count > 1 && !pickle_is_text(args->items[1], "latin1") &&
        !pickle_is_text(args->items[1], "latin-1"))
        return "nnc knows its encoding latin1 only";
    return latin1(a, args->items[0].as.text, result);
}

/* bytes(), bytearray(), bytearray(b"…"), bytearray("…", "latin-1"). */
static const char *bytes(arena *a, const pickle_list *args, pickle_value *result) {
    static const pickle_text empty = {"", 0};
    *result = (pickle_value){.kind = PICKLE_BYTES, .as.text = &empty};
    if (args->count && args->items[0].kind == PICKLE_BYTES) *result = args->items[0];
    if (args->count && args->items[0].kind == PICKLE_TEXT) return encode(a, args, result);
    return NULL;
}

/* --- the list --------------------------------------------------------------------------------- */

/* A row without a function makes an object of that class, which is carried. */
static const struct {
    const char *name;
    torch_callable *call;
} callables[] = {
    {"torch._utils._rebuild_tensor", rebuild_tensor},
    {"torch._utils._rebuild_tensor_v2", rebuild_tensor},
    {"torch._utils._rebuild_tensor_v3", rebuild_tensor_v3},
    {"torch._utils._rebuild_parameter", rebuild_parameter},
    {"torch._utils._rebuild_parameter_with_state", rebuild_parameter},
    {"torch._tensor._rebuild_from_type", rebuild_from_type},
    {"torch._tensor._rebuild_from_type_v2", rebuild_from_type},
    {"torch.tensor._rebuild_from_type", rebuild_from_type},
    {"torch._utils._rebuild_qtensor", rebuild_quantized},
    {"torch._utils._rebuild_sparse_tensor", rebuild_sparse},
    {"torch._utils._rebuild_sparse_csr_tensor", rebuild_sparse},
    {"torch._utils._rebuild_nested_tensor", rebuild_nested},
    {"torch._utils._rebuild_meta_tensor_no_storage", rebuild_meta},
    {"torch._utils._rebuild_wrapper_subclass", rebuild_subclass},
    {"torch._utils._rebuild_device_tensor_from_numpy", rebuild_device_tensor},
    {"torch._utils._rebuild_device_tensor_from_cpu_tensor", rebuild_device_tensor},
    {"torch._utils._rebuild_xla_tensor", rebuild_device_tensor},
    {"torch.nn.parameter.Parameter", NULL},
    {"torch.autograd.variable.Variable", NULL},
    {"torch.Size", NULL},
    {"torch.device", NULL},
    {"torch.serialization._get_layout", NULL},
    {"torch.nn.backends.thnn._get_thnn_function_backend", NULL},
    {"torch.jit._pickle.build_intlist", NULL},
    {"torch.jit._pickle.build_doublelist", NULL},
    {"torch.jit._pickle.build_boollist", NULL},
    {"torch.jit._pickle.build_tensorlist", NULL},
    {"torch.jit._pickle.build_tensor_from_id", NULL},
    {"torch.jit._pickle.restore_type_tag", NULL},
    {"numpy.core.multiarray._reconstruct", numpy_reconstruct},
    {"numpy._core.multiarray._reconstruct", numpy_reconstruct},
    {"numpy.core.numeric._frombuffer", numpy_frombuffer},
    {"numpy._core.numeric._frombuffer", numpy_frombuffer},
    {"numpy.core.multiarray.scalar", NULL},
    {"numpy._core.multiarray.scalar", NULL},
    {"numpy.dtype", NULL},
    {"collections.OrderedDict", ordered_dict},
    {"collections.defaultdict", default_dict},
    {"collections.Counter", default_dict},
    {"collections.deque", NULL},
    {"_codecs.encode", encode},
    {"builtins.set", set},
    {"builtins.frozenset", set},
    {"builtins.bytes", bytes},
    {"builtins.bytearray", bytes},
    {"builtins.complex", NULL},
    {"builtins.slice", NULL},
    {"builtins.range", NULL},
    {"__builtin__.set", set},
    {"__builtin__.frozenset", set},
    {"__builtin__.bytes", bytes},
    {"__builtin__.bytearray", bytes},
    {"__builtin__.complex", NULL},
    {"__builtin__.slice", NULL},
    {"__builtin__.xrange", NULL},
    {"copy_reg._reconstructor", NULL},
    {"copyreg._reconstructor", NULL},
    {"copy_reg.__newobj__", NULL},
    {"copyreg.__newobj__", NULL},
    {"types.SimpleNamespace", NULL},
    {"datetime.datetime", NULL},
    {"datetime.date", NULL},
    {"datetime.time", NULL},
    {"datetime.timedelta", NULL},
    {"datetime.timezone", NULL},
    {"pathlib.Path", NULL},
    {"pathlib.PosixPath", NULL},
    {"pathlib.WindowsPath", NULL},
    {"pathlib.PurePath", NULL},
    {"pathlib.PurePosixPath", NULL},
    {"pathlib.PureWindowsPath", NULL},
    {"pathlib._local.Path", NULL},
    {"pathlib._local.PosixPath", NULL},
    {"pathlib._local.WindowsPath", NULL},
    {"pathlib._local.PurePosixPath", NULL},
    {"pathlib._local.PureWindowsPath", NULL},
};

/* copy_reg._reconstructor(class, base, state), copy_reg.__newobj__(class, …): an object of any
 * class in old protocols. */
static const char *class_of(const char *name, const pickle_list *args) {
    bool first = strncmp(name, "copy", 4) == 0 && args->count && args->items[0].kind == PICKLE_NAME;
    return first ? args->items[0].as.name : name;
}

const char *torch_call(pickle_machine *m, const char *name, const pickle_list *args,
                       pickle_value *result) {
    for (size_t i = 0; i < sizeof callables / sizeof *callables; i++) {
        if (strcmp(callables[i].name, name) != 0) continue;
        if (!callables[i].call) {
            *result = pickle_object_new(m->arena, class_of(name, args),
                                        pickle_tuple_of(m->arena, args->items, args->count));
            return NULL;
        }
        const char *problem = callables[i].call(m->arena, args, result);
        return problem ? arena_printf(m->arena, "%s: %s", name, problem) : NULL;
    }
    return arena_printf(m->arena,
                        "it wants to call %s, which is not among what nnc knows; nothing was run",
                        tensor_name_quoted(m->arena, name));
}
