/* tensor: opening weights files of any format, looking tensors up, converting their elements to float32. */
#define _POSIX_C_SOURCE 200809L

#include "weights/tensor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/text.h"
#include "weights/safetensors.h"

enum { LONGEST_NAME_SHOWN = 120 };

static uint64_t little_endian(const unsigned char *bytes, unsigned count) {
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++) value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

/* --- formats ------------------------------------------------------------------------------------------------------ */

#define SAVE_TORCH                                                                                                     \
    "save it from Python: from safetensors.torch import save_file; save_file(model.state_dict(), "                     \
    "\"model.safetensors\")"
#define SAVE_NUMPY                                                                                                     \
    "save it from Python: from safetensors.numpy import save_file; "                                                   \
    "save_file(dict(numpy.load(\"model.npz\")), \"model.safetensors\")"
#define SAVE_BY_NAME                                                                                                   \
    "nnc reads .safetensors files with the names of a PyTorch state_dict; safetensors.numpy.save_file writes a dict "  \
    "of arrays as one"

/* What people give nnc that it does not read. By its first bytes, or, where they say nothing (NULL), by its ending;
 * with both, both must fit. The first row that fits counts. */
static const struct {
    const char *magic;
    size_t magic_length;
    const char *ending;
    const char *what, *hint;
} foreign[] = {
    {"PK\3\4", 4, ".npz", "a NumPy .npz file, which nnc does not read", SAVE_NUMPY},
    {"PK\3\4", 4, ".keras", "a Keras file, which nnc does not read", SAVE_BY_NAME},
    {"PK\3\4", 4, NULL, "a zip archive (as torch.save writes), which nnc does not read", SAVE_TORCH},
    {"\x80\2", 2, NULL, "a Python pickle (as torch.save writes), which nnc does not read", SAVE_TORCH},
    {"\x93NUMPY", 6, NULL, "a NumPy .npy file, which holds one array without a name", SAVE_BY_NAME},
    {"\x89HDF\r\n\x1A\n", 8, NULL, "an HDF5 file (as Keras writes), which nnc does not read", SAVE_BY_NAME},
    {"GGUF", 4, NULL, "a GGUF file, which nnc does not read", SAVE_BY_NAME},
    {"version https://git-lfs", 23, NULL, "a Git LFS pointer, not the file itself", "fetch it with: git lfs pull"},
    {NULL, 0, ".pt", "a PyTorch file, by its name; nnc does not read those", SAVE_TORCH},
    {NULL, 0, ".pth", "a PyTorch file, by its name; nnc does not read those", SAVE_TORCH},
    {NULL, 0, ".npz", "a NumPy .npz file, by its name; nnc does not read those", SAVE_NUMPY},
    {NULL, 0, ".onnx", "an ONNX model, by its name; nnc does not read those", SAVE_BY_NAME},
    {NULL, 0, ".h5", "an HDF5 file, by its name; nnc does not read those", SAVE_BY_NAME},
};

static bool ends_with(const char *path, const char *ending) {
    size_t length = strlen(path), tail = strlen(ending);
    return length >= tail && strcasecmp(path + length - tail, ending) == 0;
}

/* What is wrong with the file, in arena text, and a hint or NULL; or NULL after filling *to. */
static const char *read_file(arena *a, const unsigned char *bytes, size_t size, tensor_file *to, const char **hint) {
    if (size == 0) return "the file is empty";
    /* A safetensors file is one under any name: eight bytes of length, far below 2^32, then "{". */
    bool looks_right = size > 8 && bytes[8] == '{' && !little_endian(bytes + 4, 4);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign && !looks_right; i++) {
        size_t length = foreign[i].magic_length;
        if (foreign[i].magic && (size < length || memcmp(bytes, foreign[i].magic, length) != 0)) continue;
        if (foreign[i].ending && !ends_with(to->path, foreign[i].ending)) continue;
        *hint = foreign[i].hint;
        return arena_printf(a, "this is %s", foreign[i].what);
    }
    return safetensors_read(a, bytes, size, to);
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

/* Maps a whole regular file; NULL, or what went wrong. An empty file gives a NULL mapping. */
static const char *map_file(arena *a, const char *path, const void **mapping, size_t *size, bool *missing) {
    /* O_NONBLOCK: opening a pipe must not wait for someone to write into it. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
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
        problem = arena_printf(a, "the file is too large: %" PRIdMAX " bytes", (intmax_t)about.st_size);
    } else if (about.st_size > 0) {
        *size = (size_t)about.st_size;
        void *mapped = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0);
        if (mapped == MAP_FAILED) problem = arena_printf(a, "the file cannot be read: %s", strerror(errno));
        else *mapping = mapped;
    }
    close(file);
    return problem;
}

tensor_file *tensor_file_open(arena *a, const char *path, diag_list *diags, span where) {
    tensor_file *f = ARENA_NEW(a, tensor_file);
    f->path = arena_strdup(a, path);
    const char *hint = NULL;
    bool missing = false, in_source = where.begin != where.end;
    const char *problem = map_file(a, path, &f->mapping, &f->mapping_size, &missing);
    if (missing && in_source) hint = "the path is relative to the .nn file; --weights FILE names another one";
    if (!problem) problem = read_file(a, f->mapping, f->mapping_size, f, &hint);
    if (!problem) return f;
    diag *d =
        in_source ? diag_error(diags, where, "%s: %s", path, problem) : diag_error_file(diags, path, "%s", problem);
    if (hint) diag_hint(d, "%s", hint);
    tensor_file_close(f);
    return NULL;
}

void tensor_file_close(tensor_file *f) {
    if (!f || !f->mapping) return;
    munmap((void *)(uintptr_t)f->mapping, f->mapping_size);
    f->mapping = NULL;
    f->tensors = NULL;
    f->count = 0;
}

const tensor *tensor_find(const tensor_file *f, const char *name) {
    size_t low = 0, high = f->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, f->tensors[middle].name);
        if (order == 0) return &f->tensors[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}

/* --- elements ----------------------------------------------------------------------------------------------------- */

static float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double double_of_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Every half is a float. */
static float float_of_half(uint32_t half) {
    uint32_t sign = (half & 0x8000) << 16, exponent = half >> 10 & 0x1F, fraction = half & 0x3FF;
    if (exponent == 0x1F) return float_of_bits(sign | 0x7F800000 | fraction << 13);
    if (exponent) return float_of_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
    float subnormal = (float)fraction * 0x1p-24f;
    return sign ? -subnormal : subnormal;
}

static const double TOO_LARGE = 0x1.FFFFFFp+127; /* from here on the nearest float32 is infinity */

/* C leaves a conversion open whose result does not fit. */
static float float_of_double(double value) {
    if (value >= TOO_LARGE) return INFINITY;
    if (value <= -TOO_LARGE) return -INFINITY;
    return (float)value;
}

void tensor_to_float32(const tensor *t, float *to) {
    const unsigned char *from = t->bytes;
    switch (t->dtype) {
    case TENSOR_F32:
        for (size_t i = 0; i < t->elements; i++) to[i] = float_of_bits((uint32_t)little_endian(from + 4 * i, 4));
        return;
    case TENSOR_F64:
        for (size_t i = 0; i < t->elements; i++)
            to[i] = float_of_double(double_of_bits(little_endian(from + 8 * i, 8)));
        return;
    case TENSOR_F16:
        for (size_t i = 0; i < t->elements; i++) to[i] = float_of_half((uint32_t)little_endian(from + 2 * i, 2));
        return;
    case TENSOR_BF16:
        for (size_t i = 0; i < t->elements; i++) to[i] = float_of_bits((uint32_t)little_endian(from + 2 * i, 2) << 16);
        return;
    case TENSOR_OTHER: break;
    }
    ice("tensor %s has elements of type %s, which cannot become float32", t->name, t->dtype_name);
}

size_t tensor_float32_overflow(const tensor *t) {
    if (t->dtype != TENSOR_F64) return t->elements;
    for (size_t i = 0; i < t->elements; i++) {
        double value = double_of_bits(little_endian(t->bytes + 8 * i, 8));
        if (fabs(value) >= TOO_LARGE && !isinf(value)) return i;
    }
    return t->elements;
}

size_t tensor_denormals(const float *values, size_t count) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) found += fpclassify(values[i]) == FP_SUBNORMAL;
    return found;
}

const float *tensor_as_float32(const tensor *t) {
    const uint16_t one = 1;
    bool little = *(const unsigned char *)&one == 1;
    if (t->dtype != TENSOR_F32 || !little || (uintptr_t)t->bytes % _Alignof(float) != 0) return NULL;
    return (const float *)(const void *)t->bytes;
}

/* --- messages ----------------------------------------------------------------------------------------------------- */

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
