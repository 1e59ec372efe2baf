/* over: see over.h. */
#include "weights/over.h"

#include <string.h>

/* Tensors by name, each name once. */
static tensor_dict merged(arena *a, const tensor_dict *base, const tensor_dict *over) {
    tensor *all = ARENA_ARRAY(a, tensor, base->count + over->count);
    size_t count = 0, i = 0, k = 0;
    while (i < base->count || k < over->count) {
        int order = i == base->count   ? 1
                    : k == over->count ? -1
                                       : strcmp(base->tensors[i].name, over->tensors[k].name);
        all[count++] = order < 0 ? base->tensors[i] : over->tensors[k];
        if (order <= 0) i++;
        if (order >= 0) k++;
    }
    for (i = 0; i < count; i++) all[i].place = i;
    return (tensor_dict){base->key, all, count};
}

tensor_file *tensor_file_over(arena *a, const tensor_file *base, const tensor_file *over, diag_list *diags,
                              span where) {
    if (over->archive || over->dict_count != 1) {
        diag *e = diag_error(diags, where, "only the first weights file may be %s: %s", over->format, over->path);
        diag_hint(e, "those behind it are .safetensors, as NAME_save writes them");
        return NULL;
    }
    tensor_file *f = ARENA_NEW(a, tensor_file);
    tensor_dict *dicts = ARENA_ARRAY(a, tensor_dict, base->dict_count);
    *f = *base;
    for (size_t i = 0; i < base->dict_count; i++) dicts[i] = merged(a, &base->dicts[i], &over->dicts[0]);
    f->dicts = dicts;
    return f;
}
