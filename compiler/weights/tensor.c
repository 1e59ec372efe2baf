/* tensor: what all readers and all users of tensors need: shapes, dicts and their names. */
#include "weights/tensor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/text.h"

enum { LONGEST_NAME_SHOWN = 120 };

bool tensor_set_shape(tensor *t, const int64_t *shape, unsigned rank) {
    t->rank = rank;
    size_t elements = 1;
    bool empty = false;
    for (unsigned i = 0; i < rank; i++) empty = empty || shape[i] == 0;
    for (unsigned i = rank; i-- > 0;) {
        t->shape[i] = shape[i];
        t->strides[i] = empty ? 0 : (int64_t)elements;
        if (__builtin_mul_overflow(elements, (uint64_t)shape[i], &elements) ||
            elements > INT64_MAX) {
            if (!empty) return false;
            elements = 0;
        }
    }
    t->elements = empty ? 0 : elements;
    return true;
}

/* --- dicts ------------------------------------------------------------------------------------ */

typedef struct {
    tensor tensor;
    size_t place;
} placed;

static int by_name(const void *a, const void *b) {
    const placed *x = a, *y = b;
    int order = strcmp(x->tensor.name, y->tensor.name);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

void tensor_dict_sort(tensor *tensors, size_t *count) {
    placed *all = memory_new(*count, sizeof *all);
    for (size_t i = 0; i < *count; i++) all[i] = (placed){tensors[i], i};
    qsort(all, *count, sizeof *all, by_name);
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        bool again = kept && strcmp(tensors[kept - 1].name, all[i].tensor.name) == 0;
        tensors[again ? kept - 1 : kept++] = all[i].tensor;
    }
    free(all);
    *count = kept;
}

tensor_dict tensor_dict_new(const char *key, tensor *tensors, size_t count) {
    for (size_t i = 0; i < count; i++) tensors[i].place = i;
    tensor_dict_sort(tensors, &count);
    return (tensor_dict){.key = key, .tensors = tensors, .count = count};
}

const tensor *tensor_find(const tensor_dict *d, const char *name) {
    size_t low = 0, high = d->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, d->tensors[middle].name);
        if (order == 0) return &d->tensors[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}

/* --- messages --------------------------------------------------------------------------------- */

const char *tensor_name_quoted(arena *a, const char *name) {
    text t = text_new(a);
    text_add(&t, "\"");
    size_t length = strlen(name), i = 0;
    while (i < length && i < LONGEST_NAME_SHOWN) {
        size_t bytes = text_utf8_length(name + i, length - i);
        unsigned char first = (unsigned char)name[i];
        if (!bytes || first < 0x20 || first == 0x7F) text_printf(&t, "\\x%02X", first);
        else if (first == '"' || first == '\\') text_printf(&t, "\\%c", first);
        else text_add_n(&t, name + i, bytes);
        i += bytes ? bytes : 1;
    }
    text_add(&t, i < length ? "…\"" : "\"");
    return text_string(&t);
}

const char *tensor_shape_string(arena *a, const int64_t *shape, unsigned rank) {
    text t = text_new(a);
    text_add(&t, "[");
    for (unsigned i = 0; i < rank; i++) text_printf(&t, "%s%" PRId64, i ? ", " : "", shape[i]);
    text_add(&t, "]");
    return text_string(&t);
}
