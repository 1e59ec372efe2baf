/* zip: which kind of weights file a zip archive is, by its records. */
#include <string.h>

#include "weights/readers.h"

static bool ends_with(const char *name, const char *ending) {
    size_t length = strlen(name), tail = strlen(ending);
    return length >= tail && strcmp(name + length - tail, ending) == 0;
}

/* The folder of a record data.pkl, with its slash, at the top or in one folder; NULL for other
 * records. */
static const char *pickle_folder(arena *a, const char *name) {
    static const char pickle[] = "data.pkl";
    if (strcmp(name, pickle) == 0) return "";
    const char *slash = strchr(name, '/');
    if (!slash || strcmp(slash + 1, pickle) != 0) return NULL;
    return arena_strndup(a, name, (size_t)(slash + 1 - name));
}

const char *zip_read(arena *a, tensor_file *f, const char **hint) {
    const char *problem, *folder = NULL;
    f->archive = archive_open(a, f->bytes, f->size, &problem);
    if (!f->archive) return problem;
    size_t count;
    bool arrays = false, old_script = false;
    const archive_record *all = archive_records(f->archive, &count);
    for (size_t i = 0; i < count; i++) {
        const char *found = pickle_folder(a, all[i].name);
        if (found && folder)
            return arena_printf(a, "the zip archive has two pickles, %s and %s",
                                tensor_name_quoted(a, arena_printf(a, "%sdata.pkl", folder)),
                                tensor_name_quoted(a, all[i].name));
        if (found) folder = found;
        arrays = arrays || ends_with(all[i].name, ".npy");
        old_script = old_script || ends_with(all[i].name, "/model.json");
    }
    if (folder) return torch_zip_read(a, f, folder, hint);
    if (arrays) return npz_read(a, f);
    if (old_script) {
        *hint =
            "load it with a newer PyTorch and save its state_dict: torch.save(model.state_dict(), "
            "\"model.pt\")";
        return "this is a TorchScript archive of PyTorch 1.0 to 1.3, which nnc does not read";
    }
    *hint = "nnc reads what torch.save writes (a data.pkl and its storages) and NumPy's .npz";
    return "the zip archive has neither a data.pkl, as torch.save writes, nor an .npy array, as "
           "numpy.savez does";
}
