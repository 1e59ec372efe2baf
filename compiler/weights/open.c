/* open: a weights file mapped, recognised by its contents, and given to the reader of its format.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weights/readers.h"
#include "weights/weight_norm.h"

/* --- formats ---------------------------------------------------------------------------------- */

#define READ_ARE                                                                                   \
    "nnc reads .safetensors, what torch.save or torch.jit.save wrote (.pt, .pth, .ckpt), and .npz"
#define SAVE_TORCH "save it from Python: torch.save(model.state_dict(), \"model.pt\")"
#define SAVE_NUMPY                                                                                 \
    "numpy.savez(\"model.npz\", **arrays) writes a dict of arrays; the names are those of a "      \
    "PyTorch state_dict"

/* What people give nnc that it does not read. By its first bytes, or, where they say nothing
 * (NULL), by its ending; with both, both must fit. The first row that fits counts. */
static const struct {
    const char *magic;
    size_t magic_length;
    const char *ending;
    const char *what, *hint;
} foreign[] = {
    {"PK\3\4", 4, ".keras", "a Keras file, which nnc does not read", SAVE_NUMPY},
    {"\x93NUMPY", 6, NULL, "a NumPy .npy file, which holds one array without a name", SAVE_NUMPY},
    {"\x89HDF\r\n\x1A\n", 8, NULL, "an HDF5 file (as Keras writes), which nnc does not read",
     SAVE_NUMPY},
    {"NNCWGTS\n", 8, NULL, "a file of weights that nnc wrote for its own code to read",
     "give nnc the file that it was made of; nnc weights shows what it holds"},
    {"GGUF", 4, NULL, "a GGUF file, which nnc does not read", READ_ARE},
    {"7z\xBC\xAF\x27\x1C", 6, NULL, "a 7z archive", "unpack it first"},
    {"Rar!", 4, NULL, "a RAR archive", "unpack it first"},
    {"\x1F\x8B", 2, NULL, "a gzip file", "unpack it first: gunzip, or tar -xzf"},
    {"BZh", 3, NULL, "a bzip2 file", "unpack it first: bunzip2"},
    {"\xFD\x37zXZ", 5, NULL, "an xz file", "unpack it first: unxz"},
    {"\x28\xB5\x2F\xFD", 4, NULL, "a zstd file", "unpack it first: unzstd"},
    {"%PDF", 4, NULL, "a PDF document, not a weights file", READ_ARE},
    {"version https://git-lfs", 23, NULL, "a Git LFS pointer, not the file itself",
     "fetch it with: git lfs pull"},
    {NULL, 0, ".onnx", "an ONNX model, by its name, which holds its own weights",
     "nnc import MODEL.onnx -o MODEL.nn makes a .nn file and its weights of it"},
    {NULL, 0, ".h5", "an HDF5 file, by its name; nnc does not read those", SAVE_NUMPY},
    {NULL, 0, ".pt", "not what torch.save writes, in spite of its name", SAVE_TORCH},
    {NULL, 0, ".pth", "not what torch.save writes, in spite of its name", SAVE_TORCH},
    {NULL, 0, ".ckpt", "not what torch.save writes, in spite of its name", SAVE_TORCH},
    {NULL, 0, ".tar", "not what torch.save writes, in spite of its name", SAVE_TORCH},
    {NULL, 0, ".npz", "not what numpy.savez writes, in spite of its name", SAVE_NUMPY},
};

static bool begins_with(const tensor_file *f, const char *bytes, size_t length) {
    return f->size >= length && memcmp(f->bytes, bytes, length) == 0;
}

static bool begins_with_word(const tensor_file *f, const char *word) {
    size_t blank = 0, length = strlen(word);
    while (blank < f->size && strchr(" \t\r\n", f->bytes[blank]) && f->bytes[blank]) blank++;
    return f->size - blank >= length &&
           strncasecmp((const char *)f->bytes + blank, word, length) == 0;
}

/* A header's length of eight printable characters would be far more than a safetensors file may have. */
static bool begins_with_text(const tensor_file *f) {
    enum { ENOUGH = 64 };
    if (f->size < 8) return false;
    size_t length = f->size < ENOUGH ? f->size : ENOUGH;
    for (size_t i = 0; i < length; i++)
        if ((f->bytes[i] < ' ' && !memchr("\t\r\n", f->bytes[i], 3)) || f->bytes[i] >= 0x7F) return false;
    return true;
}

static const char *foreign_problem(arena *a, const tensor_file *f, bool may_be_npy,
                                   const char **hint) {
    if (begins_with_word(f, "<!doctype html") || begins_with_word(f, "<html")) {
        *hint =
            "a download gave the page about the file instead of the file: use its direct link "
            "(raw, resolve)";
        return "this is a web page (HTML), not a weights file";
    }
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        if (foreign[i].magic && !begins_with(f, foreign[i].magic, foreign[i].magic_length))
            continue;
        if (foreign[i].ending && !source_path_ends(f->path, foreign[i].ending)) continue;
        *hint = foreign[i].hint;
        return arena_printf(a, "this is %s", foreign[i].what);
    }
    if (!begins_with_text(f)) return NULL;
    *hint = may_be_npy ? "numpy.save(\"FILE.npy\", array) writes an array; numpy.loadtxt(\"FILE.csv\", "
                         "delimiter=\",\") makes one of a table of numbers"
                       : READ_ARE;
    return may_be_npy ? "this is a text file, not an array" : "this is a text file, not a weights file";
}

/* Eight bytes of length, far below 2^32, then "{": that is safetensors under any name. */
static bool is_safetensors(const tensor_file *f) {
    return f->size > 8 && f->bytes[8] == '{' && memcmp(f->bytes + 4, "\0\0\0\0", 4) == 0;
}

/* What is wrong with the file, in arena text, and a hint or NULL; or NULL after filling *f. */
static const char *read_file(arena *a, tensor_file *f, bool may_be_npy, const char **hint) {
    if (f->size == 0) return "the file is empty";
    if (may_be_npy && begins_with(f, "\x93NUMPY", 6)) return npy_read(a, f);
    if (is_safetensors(f)) return safetensors_read(a, f);
    if (is_tar(f->bytes, f->size)) return torch_tar_read(a, f, hint);
    const char *problem = foreign_problem(a, f, may_be_npy, hint);
    bool zip = begins_with(f, "PK\3\4", 4) || begins_with(f, "PK\5\6", 4);
    if (zip && !(problem && source_path_ends(f->path, ".keras"))) {
        *hint = NULL;
        return zip_read(a, f, hint);
    }
    if (begins_with(f, "\x80", 1) && f->size > 1 && f->bytes[1] <= 5) {
        *hint = NULL;
        return torch_legacy_read(a, f, hint);
    }
    return problem ? problem : safetensors_read(a, f);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* Maps a whole regular file; NULL, or what went wrong. An empty file is not mapped. */
static const char *map_file(arena *a, tensor_file *f, bool *missing) {
    /* O_NONBLOCK: opening a pipe must not wait for someone to write into it. */
    int file = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        *missing = errno == ENOENT;
        return arena_printf(a, "the file cannot be opened: %s", strerror(errno));
    }
    const char *problem = NULL;
    struct stat about;
    if (fstat(file, &about) != 0) {
        problem = arena_printf(a, "the file cannot be read: %s", strerror(errno));
    } else if (S_ISDIR(about.st_mode)) {
        problem = "this is a directory, not a file";
    } else if (!S_ISREG(about.st_mode)) {
        problem = "this is not a regular file";
    } else if ((uintmax_t)about.st_size > SIZE_MAX / 2) {
        problem =
            arena_printf(a, "the file is too large: %" PRIdMAX " bytes", (intmax_t)about.st_size);
    } else if (about.st_size > 0) {
        void *mapped = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        if (mapped == MAP_FAILED)
            problem = arena_printf(a, "the file cannot be read: %s", strerror(errno));
        else f->bytes = mapped, f->size = (size_t)about.st_size;
    }
    close(file);
    return problem;
}

/* What readers found out about a tensor counts once its name is known. */
static const char *tensor_problem(arena *a, const tensor_file *f) {
    for (size_t i = 0; i < f->dict_count; i++)
        for (size_t k = 0; k < f->dicts[i].count; k++) {
            const tensor *t = &f->dicts[i].tensors[k];
            const char *problem = t->problem ? t->problem : t->storage ? t->storage->problem : NULL;
            if (problem)
                return arena_printf(a, "tensor %s %s", tensor_name_quoted(a, t->name), problem);
        }
    return NULL;
}

/* Weights that the file keeps as two tensors are in its dicts as well. */
static void add_weight_norms(arena *a, tensor_file *f) {
    tensor_dict *dicts = arena_copy(a, f->dicts, f->dict_count * sizeof *dicts);
    for (size_t i = 0; i < f->dict_count; i++) weight_norm_add(a, &dicts[i]);
    f->dicts = dicts;
}

static tensor_file *open_file(arena *a, const char *path, bool may_be_npy, diag_list *diags,
                              span where) {
    tensor_file *f = ARENA_NEW(a, tensor_file);
    f->path = arena_strdup(a, path);
    const char *hint = NULL;
    bool missing = false, in_source = where.begin != where.end;
    const char *problem = map_file(a, f, &missing);
    if (missing && in_source)
        hint = "the path is relative to the .nn file; --weights FILE names another one";
    if (!problem) problem = read_file(a, f, may_be_npy, &hint);
    if (!problem) problem = tensor_problem(a, f);
    if (!problem) {
        add_weight_norms(a, f);
        return f;
    }
    diag *d = in_source ? diag_error(diags, where, "%s: %s", path, problem)
                        : diag_error_file(diags, path, "%s", problem);
    if (hint) diag_hint(d, "%s", hint);
    tensor_file_close(f);
    return NULL;
}

tensor_file *tensor_file_open(arena *a, const char *path, diag_list *diags, span where) {
    return open_file(a, path, false, diags, where);
}

tensor_file *tensor_array_file_open(arena *a, const char *path, diag_list *diags) {
    return open_file(a, path, true, diags, (span){0, 0});
}

void tensor_file_close(tensor_file *f) {
    if (!f) return;
    archive_close(f->archive);
    f->archive = NULL;
    if (f->bytes) munmap((void *)(uintptr_t)f->bytes, f->size);
    f->bytes = NULL;
    f->dicts = NULL;
    f->dict_count = 0;
}
