/* check_weights: the safetensors reader, the conversions to float32, params matched with tensors, random weights. */
#define _POSIX_C_SOURCE 200809L

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weights/bind.h"

static arena *a;
static diag_list *diags;
static char *folder, *path;

static void set_up(void)
{
    a = arena_new();
    diags = diag_list_new(a, NULL);
    char pattern[] = "/tmp/check_weights.XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(pattern));
    folder = arena_strdup(a, pattern);
    path = arena_printf(a, "%s/weights.safetensors", folder);
}

static void tear_down(void)
{
    unlink(path);
    rmdir(folder);
    arena_free(a);
}

/* --- files ---------------------------------------------------------------------------------------------------------- */

static void write_bytes(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

/* The header's length, the header, the data. */
static void write_safetensors(const char *header, const void *data, size_t size)
{
    size_t length = strlen(header);
    unsigned char *bytes = arena_alloc(a, 8 + length + size);
    for (unsigned i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)length >> (8 * i));
    memcpy(bytes + 8, header, length);
    if (size) memcpy(bytes + 8 + length, data, size);
    write_bytes(bytes, 8 + length + size);
}

/* All that was reported, with the folder's name taken out. */
static const char *reported(void)
{
    char *shown = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&shown, &size);
    diag_print(diags, to);
    fclose(to);
    char *result = arena_strdup(a, shown);
    free(shown);
    size_t length = strlen(folder) + 1;
    for (char *at; (at = strstr(result, folder));) memmove(at, at + length, strlen(at + length) + 1);
    return result;
}

/* Elements as float32, and what is wrong with them. */
static const float *loaded(const tensor_file *f, const tensor *t, const char **problem)
{
    tensor_request r = {.tensor = t};
    tensors_load(a, f, &r, 1);
    if (problem) *problem = r.problem;
    else ck_assert_ptr_null(r.problem);
    return r.to;
}

static tensor_file *open_good(void)
{
    diags = diag_list_new(a, NULL);
    tensor_file *f = tensor_file_open(a, path, diags, (span){0, 0});
    ck_assert_str_eq(reported(), "");
    ck_assert_ptr_nonnull(f);
    return f;
}

/* Opening gives exactly this message (after "weights.safetensors: error: "). */
static void open_bad(const char *message)
{
    diags = diag_list_new(a, NULL);
    ck_assert_ptr_null(tensor_file_open(a, path, diags, (span){0, 0}));
    ck_assert_str_eq(reported(), arena_printf(a, "weights.safetensors: error: %s\n", message));
}

static void bad_header(const char *header, size_t data_size, const char *message)
{
    write_safetensors(header, arena_alloc(a, data_size), data_size);
    open_bad(message);
}

START_TEST(test_reads_tensors)
{
    const float data[] = {1, 2, 3, 4, 5, 6, -7};
    write_safetensors("{\"b\":{\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[0,24]},"
                      "\"__metadata__\":{\"format\":\"pt\"},"
                      "\"a.empty\":{\"dtype\":\"F64\",\"shape\":[0,5],\"data_offsets\":[24,24]},"
                      "\"a\":{\"shape\":[],\"dtype\":\"F32\",\"data_offsets\":[24,28]}}    ",
                      data, sizeof data);
    tensor_file *f = open_good();
    ck_assert_uint_eq(f->dicts[0].count, 3);
    ck_assert_str_eq(f->dicts[0].tensors[0].name, "a");
    ck_assert_str_eq(f->dicts[0].tensors[1].name, "a.empty");
    ck_assert_str_eq(f->dicts[0].tensors[2].name, "b");
    const tensor *b = tensor_find(&f->dicts[0], "b"), *scalar = tensor_find(&f->dicts[0], "a"), *empty = tensor_find(&f->dicts[0], "a.empty");
    ck_assert_ptr_eq(b, &f->dicts[0].tensors[2]);
    ck_assert_uint_eq(b->rank, 2);
    ck_assert_int_eq(b->shape[0], 3);
    ck_assert_int_eq(b->shape[1], 2);
    ck_assert_uint_eq(b->elements, 6);
    ck_assert_str_eq(tensor_shape_string(a, b->shape, b->rank), "[3, 2]");
    ck_assert_mem_eq(loaded(f, b, NULL), data, 6 * sizeof *data);
    ck_assert_uint_eq(scalar->rank, 0);
    ck_assert_uint_eq(scalar->elements, 1);
    ck_assert_float_eq(loaded(f, scalar, NULL)[0], -7);
    ck_assert_uint_eq(empty->elements, 0);
    loaded(f, empty, NULL);
    ck_assert_ptr_null(tensor_find(&f->dicts[0], "c"));
    ck_assert_ptr_null(tensor_find(&f->dicts[0], "a.empt"));
    tensor_file_close(f);
    tensor_file_close(NULL);
}
END_TEST

/* Data that begins at a multiple of 4 is used in place, other data is not. */
START_TEST(test_in_place)
{
    const float data[] = {0.5f};
    const char *aligned = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}  ";
    ck_assert_uint_eq(strlen(aligned) % 4, 0);
    write_safetensors(aligned, data, sizeof data);
    tensor_file *f = open_good();
    const uint16_t one = 1;
    if (*(const unsigned char *)&one) {
        ck_assert_ptr_eq(tensor_in_place(&f->dicts[0].tensors[0]), f->dicts[0].tensors[0].storage->bytes);
        ck_assert_float_eq(*tensor_in_place(&f->dicts[0].tensors[0]), 0.5f);
    }
    tensor_file_close(f);
    write_safetensors(arena_printf(a, "%s ", aligned), data, sizeof data);
    f = open_good();
    ck_assert_ptr_null(tensor_in_place(&f->dicts[0].tensors[0]));
    ck_assert_float_eq(loaded(f, &f->dicts[0].tensors[0], NULL)[0], 0.5f);
    tensor_file_close(f);
}
END_TEST

START_TEST(test_many_tensors)
{
    enum { COUNT = 50000 };
    char *header = arena_alloc(a, (size_t)COUNT * 80), *at = header;
    float *data = ARENA_ARRAY(a, float, COUNT);
    *at++ = '{';
    for (int i = 0; i < COUNT; i++) {
        int number = i * 7919 % COUNT; /* each once, in no order */
        at += sprintf(at, "%s\"t%d\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]}", i ? "," : "", number,
                      4 * i, 4 * i + 4);
        data[i] = (float)number;
    }
    *at++ = '}';
    write_safetensors(header, data, COUNT * sizeof *data);
    tensor_file *f = open_good();
    ck_assert_uint_eq(f->dicts[0].count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        const tensor *t = tensor_find(&f->dicts[0], arena_printf(a, "t%d", i));
        ck_assert_ptr_nonnull(t);
        ck_assert(loaded(f, t, NULL)[0] == (float)i);
    }
    tensor_file_close(f);
}
END_TEST

START_TEST(test_broken_headers)
{
    bad_header("[]", 0, "not a safetensors file: its header does not begin with \"{\"");
    bad_header("{", 0, "the header cannot be read: it ends too early (at byte 1 of the header)");
    bad_header("{\"a\":1}", 0, "tensor \"a\" is described by something else than an object");
    bad_header("{\"a\":{\"shape\":[],\"data_offsets\":[0,4]}}", 4, "tensor \"a\" has no \"dtype\"");
    bad_header("{\"a\":{\"dtype\":\"F31\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
               "tensor \"a\" has the unknown element type \"F31\"");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "tensor \"a\" has no \"shape\"");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,-1],\"data_offsets\":[0,4]}}", 4,
               "tensor \"a\" has a shape that holds something else than integers from 0 up");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4,
               "tensor \"a\" has a shape that holds something else than integers from 0 up");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
               "tensor \"a\" has 9 dimensions, more than the 8 that nnc reads");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
               "tensor \"a\" has more elements than can be counted");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}", 0,
               "tensor \"a\" has more bytes than can be counted");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,0]}}", 0,
               "the header cannot be read: a number is too large (at byte 49 of the header)");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4,
               "tensor \"a\" has no \"data_offsets\" of two integers from 0 up");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4,
               "tensor \"a\" has no \"data_offsets\" of two integers from 0 up");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 4,
               "tensor \"a\" has no \"data_offsets\" of two integers from 0 up");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4,
               "tensor \"a\" ends before it begins: data_offsets [4, 0]");
    bad_header("{\"a\":{\"dtype\":\"F16\",\"shape\":[3,2],\"data_offsets\":[0,13]}}", 13,
               "tensor \"a\" needs 12 bytes for F16 [3, 2], but its data_offsets [0, 13] hold 13");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
               "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12,
               "tensors \"a\" and \"b\" overlap at byte 4 of the data");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
               "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
               "tensors \"a\" and \"b\" overlap at byte 0 of the data");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
               "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}", 12,
               "bytes 4 to 8 of the data belong to no tensor");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 9,
               "the last 5 bytes of the file belong to no tensor");
    bad_header("{}", 3, "the last 3 bytes of the file belong to no tensor");
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1000],\"data_offsets\":[0,4000]}}", 3999,
               "the file is truncated: its header describes 4000 bytes of tensors, but only 3999 bytes follow it");
    bad_header("{\"__metadata__\":3}", 0, "the header's \"__metadata__\" is not an object");
    bad_header("{\"__metadata__\":{\"a\":3}}", 0, "the header's \"__metadata__\" has \"a\", which is not a string");
    bad_header("{\"\\u0001\\\"\\n\":[]}", 0, "tensor \"\\x01\\\"\\x0A\" is described by something else than an object");
}
END_TEST

/* What jansson finds: the words are ours, the place is in the header. */
START_TEST(test_broken_json)
{
    bad_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
               "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
               "the header cannot be read: it has a name twice (at byte 57 of the header)");
    bad_header("{} {}", 0, "the header cannot be read: something follows its end (at byte 4 of the header)");
    bad_header("{\"a\\u0000b\":1}", 0, "the header cannot be read: a name holds a NUL character (at byte 11 of the header)");
    bad_header("{\"a\xFF\":1}", 0, "the header cannot be read: it is not valid UTF-8 (at byte 3 of the header)");
    bad_header("{a}", 0, "the header cannot be read: it is not valid JSON (at byte 2 of the header)");
    char *deep = arena_alloc(a, 100001);
    memset(deep, '[', 100000);
    memcpy(deep, "{\"a\":", 5);
    write_safetensors(deep, "", 0);
    diags = diag_list_new(a, NULL);
    ck_assert_ptr_null(tensor_file_open(a, path, diags, (span){0, 0}));
    ck_assert_ptr_nonnull(strstr(reported(), "the header cannot be read: it is nested too deeply"));
}
END_TEST

/* Every beginning of a good file is a truncated file. */
START_TEST(test_truncated)
{
    const char *header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    size_t length = strlen(header), size = 8 + length + 4;
    unsigned char bytes[100] = {0};
    bytes[0] = (unsigned char)length;
    memcpy(bytes + 8, header, length);
    for (size_t cut = 0; cut < size; cut++) {
        write_bytes(bytes, cut);
        if (cut == 0)
            open_bad("the file is empty");
        else if (cut < 8)
            open_bad(arena_printf(a, "not a safetensors file: it has %zu bytes, and the header's length alone takes 8",
                                  cut));
        else if (cut < 8 + length)
            open_bad(arena_printf(a, "the file is truncated: its header should have %zu bytes, but only %zu follow",
                                  length, cut - 8));
        else
            open_bad(arena_printf(a, "the file is truncated: its header describes 4 bytes of tensors, but only %zu bytes"
                                     " follow it", cut - 8 - length));
    }
    write_bytes(bytes, size);
    tensor_file_close(open_good());
}
END_TEST

START_TEST(test_header_lengths)
{
    write_bytes("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}", 10);
    open_bad("not a safetensors file: its header would have 18446744073709551615 bytes, and 100000000 is the most");
    write_bytes("\x01\xE1\xF5\x05\0\0\0\0{}", 10); /* 100 000 001 */
    open_bad("not a safetensors file: its header would have 100000001 bytes, and 100000000 is the most");
    write_bytes("\0\xE1\xF5\x05\0\0\0\0{}", 10);
    open_bad("the file is truncated: its header should have 100000000 bytes, but only 2 follow");
    write_bytes("\0\0\0\0\0\0\0\0{}", 10);
    open_bad("not a safetensors file: its header does not begin with \"{\"");
    write_bytes("\2\0\0\0\0\0\0\0{}", 10);
    tensor_file *f = open_good();
    ck_assert_uint_eq(f->dicts[0].count, 0);
    ck_assert_ptr_null(tensor_find(&f->dicts[0], ""));
    tensor_file_close(f);
}
END_TEST

START_TEST(test_other_files)
{
    open_bad("the file cannot be opened: No such file or directory");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    open_bad("this is a directory, not a file");
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    open_bad("this is not a regular file");
    unlink(path);

    write_bytes("PK\3\4 and so on", 14);
    open_bad("the zip archive is damaged or cut: Not a zip archive");
    write_bytes("version https://git-lfs.github.com/spec/v1\n", 43);
    open_bad("this is a Git LFS pointer, not the file itself\n  hint: fetch it with: git lfs pull");
    /* A pickle's first bytes may also be a length. */
    const char *header = "{}";
    char *padded = arena_alloc(a, 0x281);
    memset(padded, ' ', 0x280);
    memcpy(padded, header, 2);
    write_safetensors(padded, "", 0);
    tensor_file_close(open_good());
    write_bytes("\x80\2\x8A\x0Alc\xFC\x9C" "F\xF9", 10);
    diags = diag_list_new(a, NULL);
    ck_assert_ptr_null(tensor_file_open(a, path, diags, (span){0, 0}));
    ck_assert_ptr_nonnull(strstr(reported(), "error: a Python pickle (as torch.save writes): its first value cannot be read"));

    /* By the ending, when the contents say nothing; a safetensors file is one under any name. */
    unlink(path);
    path = arena_printf(a, "%s/model.PTH", folder);
    write_bytes("something else", 14);
    diags = diag_list_new(a, NULL);
    ck_assert_ptr_null(tensor_file_open(a, path, diags, (span){0, 0}));
    ck_assert_ptr_nonnull(strstr(reported(), "model.PTH: error: this is not what torch.save writes, in spite of its name"));
    write_safetensors("{}", "", 0);
    tensor_file_close(open_good());
    unlink(path);
    path = arena_printf(a, "%s/model.npz", folder);
    write_bytes("PK\3\4 and so on", 14);
    diags = diag_list_new(a, NULL);
    ck_assert_ptr_null(tensor_file_open(a, path, diags, (span){0, 0}));
    ck_assert_ptr_nonnull(strstr(reported(), "model.npz: error: the zip archive is damaged or cut"));
}
END_TEST

/* An error at a place in the .nn file names the weights file in its message. */
START_TEST(test_place)
{
    diags = diag_list_new(a, source_from_text(a, "m.nn", "weights \"w\"\n", 12));
    ck_assert_ptr_null(tensor_file_open(a, path, diags, (span){8, 11}));
    ck_assert_str_eq(reported(), "m.nn:1:9: error: weights.safetensors: the file cannot be opened: No such file or "
                                 "directory\n"
                                 "  1 | weights \"w\"\n"
                                 "    |         ^~~\n"
                                 "  hint: the path is relative to the .nn file; --weights FILE names another one\n");
}
END_TEST

/* --- conversions ----------------------------------------------------------------------------------------------------- */

static float converted(tensor_dtype dtype, const void *bytes, size_t size)
{
    /* At an odd address: tensors may be unaligned. */
    unsigned char *unaligned = (unsigned char *)arena_alloc(a, size + 1) + 1;
    memcpy(unaligned, bytes, size);
    float value, turned;
    double exact;
    elements_to_float32(dtype, false, unaligned, 1, &value);
    for (size_t i = 0; i < size; i++) unaligned[i] = ((const unsigned char *)bytes)[size - 1 - i];
    elements_to_float32(dtype, true, unaligned, 1, &turned);
    elements_to_float64(dtype, true, unaligned, 1, &exact);
    ck_assert(memcmp(&value, &turned, sizeof value) == 0);
    ck_assert(isnan(exact) ? isnan(value) : float32_of_double(exact) == value);
    return value;
}

static float of_half(unsigned bits)
{
    return converted(TENSOR_F16, (unsigned char[]){(unsigned char)bits, (unsigned char)(bits >> 8)}, 2);
}

static float of_bfloat(unsigned bits)
{
    return converted(TENSOR_BF16, (unsigned char[]){(unsigned char)bits, (unsigned char)(bits >> 8)}, 2);
}

static float of_double(double value)
{
    uint64_t bits;
    unsigned char bytes[8];
    memcpy(&bits, &value, 8);
    for (unsigned i = 0; i < 8; i++) bytes[i] = (unsigned char)(bits >> (8 * i));
    return converted(TENSOR_F64, bytes, 8);
}

/* All 65536 halves against their definition. */
START_TEST(test_halves)
{
    for (unsigned bits = 0; bits < 0x10000; bits++) {
        int exponent = bits >> 10 & 31, fraction = bits & 1023;
        float got = of_half(bits);
        ck_assert_int_eq(!!signbit(got), (int)(bits >> 15));
        if (exponent == 31 && fraction) {
            ck_assert(isnan(got));
            continue;
        }
        double want = exponent == 31 ? (double)INFINITY
                      : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                     : ldexp(fraction, -24);
        ck_assert_msg((double)fabsf(got) == want, "half %04X: got %a, want %a", bits, (double)got, want);
    }
}
END_TEST

START_TEST(test_bfloats)
{
    ck_assert_float_eq(of_bfloat(0x3F80), 1.0f);
    ck_assert_float_eq(of_bfloat(0xC049), -3.140625f);
    ck_assert_float_eq(of_bfloat(0x0001), 0x1p-133f);
    ck_assert_float_eq(of_bfloat(0x7F80), INFINITY);
    ck_assert(isnan(of_bfloat(0x7FC0)));
    ck_assert(signbit(of_bfloat(0x8000)) && of_bfloat(0x8000) == 0);
}
END_TEST

START_TEST(test_doubles)
{
    ck_assert(of_double(1.0 + 0x1p-24) == 1.0f);                      /* half way: to even, down */
    ck_assert(of_double(1.0 + 0x3p-24) == 1.0f + 0x1p-22f);           /* half way: to even, up */
    ck_assert(of_double(1.0 + 0x1p-24 + 0x1p-50) == 1.0f + 0x1p-23f); /* just above half way */
    ck_assert(of_double(0x1p-149) == 0x1p-149f);                      /* the smallest float32 */
    ck_assert(of_double(0x1p-151) == 0);
    ck_assert(of_double(0x1.FFFFFEFFFFFFFp+127) == 0x1.FFFFFEp+127f); /* rounds to the largest float32 */
    ck_assert(of_double(0x1.FFFFFFp+127) == INFINITY);
    ck_assert(of_double(-1e300) == -INFINITY);
    ck_assert(of_double((double)INFINITY) == INFINITY);
    ck_assert(isnan(of_double((double)NAN)));
    const double numbers[] = {1, (double)INFINITY, 0x1.FFFFFEFFFFFFFp+127, (double)NAN, -0x1.FFFFFFp+127, 5};
    float to[6];
    const unsigned char *bytes = (const unsigned char *)numbers;
    const bool big = !host_is_little_endian();
    ck_assert_uint_eq(elements_to_float32(TENSOR_F64, big, bytes, 6, to), 4);
    ck_assert_uint_eq(elements_to_float32(TENSOR_F64, big, bytes, 4, to), 4);
}
END_TEST

/* --- binding ----------------------------------------------------------------------------------------------------------- */

static const char text_of_model[] = "model m {\n    layer lstm = …\n    layer out = …\n}\n";

static ir_model *new_model(void)
{
    diags = diag_list_new(a, source_from_text(a, "m.nn", text_of_model, sizeof text_of_model - 1));
    return ir_model_new(a, dim_table_new(a), "m", (span){0, 0});
}

static ir_param *add_param(ir_model *m, const char *wanted_by, size_t place, const char *key, unsigned rank, int64_t rows,
                           int64_t columns)
{
    ir_param p = {.key = key, .wanted_by = wanted_by, .where = {place, place + 5}};
    p.type.dtype = IR_F32;
    p.type.rank = rank;
    if (rank > 0) p.type.dims[0] = dim_const(m->dims, rows);
    if (rank > 1) p.type.dims[1] = dim_const(m->dims, columns);
    ARENA_PUSH(a, m->params, m->param_count, m->param_capacity, p);
    return &m->params[m->param_count - 1];
}

/* An LSTM's four params as a .nn file's `layer PREFIX = LSTM(inputs, hidden)` wants them. */
static void add_lstm(ir_model *m, const char *prefix, int64_t inputs, int64_t hidden)
{
    const char *wanted_by = arena_printf(a, "layer %s = LSTM(%d, %d)", prefix, (int)inputs, (int)hidden);
    add_param(m, wanted_by, 14, arena_printf(a, "%s.weight_ih_l0", prefix), 2, 4 * hidden, inputs);
    add_param(m, wanted_by, 14, arena_printf(a, "%s.weight_hh_l0", prefix), 2, 4 * hidden, hidden);
    add_param(m, wanted_by, 14, arena_printf(a, "%s.bias_ih_l0", prefix), 1, 4 * hidden, 0);
    add_param(m, wanted_by, 14, arena_printf(a, "%s.bias_hh_l0", prefix), 1, 4 * hidden, 0);
}

static void add_linear(ir_model *m, int64_t inputs, int64_t outputs)
{
    const char *wanted_by = arena_printf(a, "layer out = Linear(%d, %d)", (int)inputs, (int)outputs);
    add_param(m, wanted_by, 35, "out.weight", 2, outputs, inputs);
    add_param(m, wanted_by, 35, "out.bias", 1, outputs, 0);
}

typedef struct {
    const char *name, *dtype;
    unsigned rank;
    int64_t rows, columns;
} file_tensor;

/* A file of these tensors; the k-th float32 in it is k. `bytes` an element as the dtype has. */
static tensor_file *file_of(const file_tensor *tensors, size_t count)
{
    char *header = arena_alloc(a, 200 * count + 3), *at = header;
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        const file_tensor *t = &tensors[i];
        size_t bytes = t->dtype[0] == 'I' || !strcmp(t->dtype, "F64") ? 8 : !strcmp(t->dtype, "F32") ? 4 : 2;
        size_t elements = (t->rank > 0 ? (size_t)t->rows : 1) * (t->rank > 1 ? (size_t)t->columns : 1);
        int64_t shape[] = {t->rows, t->columns};
        at += sprintf(at, "%c\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}", i ? ',' : '{', t->name,
                      t->dtype, tensor_shape_string(a, shape, t->rank), end, end + bytes * elements);
        end += bytes * elements;
    }
    at += sprintf(at, "%s", count ? "}" : "{}");
    while ((at - header) % 4) *at++ = ' ';
    float *data = arena_alloc(a, end + 4);
    for (size_t i = 0; i < end / 4; i++) data[i] = (float)i;
    write_safetensors(header, data, end);
    tensor_file *f = tensor_file_open(a, path, diags, (span){0, 0});
    ck_assert_msg(f != NULL, "%s", reported());
    return f;
}

#define FILE_OF(...) file_of((const file_tensor[]){__VA_ARGS__}, sizeof((file_tensor[]){__VA_ARGS__}) / sizeof(file_tensor))
#define LSTM_TENSORS(prefix, ending, rows, inputs, hidden)                                                            \
    {prefix "weight_ih" ending, "F32", 2, rows, inputs}, {prefix "weight_hh" ending, "F32", 2, rows, hidden},          \
        {prefix "bias_ih" ending, "F32", 1, rows, 0}, {prefix "bias_hh" ending, "F32", 1, rows, 0}

/* Binds and gives what was reported. */
static const char *bound(ir_model *m, tensor_file *f)
{
    bind_weights(&m, 1, f, NULL, diags, (span){0, 0});
    const char *shown = reported();
    tensor_file_close(f);
    return shown;
}

#define PLACE(line, column, source_line, carets, message)                                                             \
    "m.nn:" line ":" column ": error: " message "\n  " line " | " source_line "\n    | " carets "\n"
#define AT_LSTM(message) PLACE("2", "5", "    layer lstm = …", "    ^~~~~", message)
#define AT_OUT(message) PLACE("3", "5", "    layer out = …", "    ^~~~~", message)

START_TEST(test_binds)
{
    ir_model *m = new_model();
    add_lstm(m, "lstm", 3, 2);
    add_param(m, "param s: float32[]", 33, "s", 0, 0, 0);
    tensor_file *f = FILE_OF(LSTM_TENSORS("lstm.", "_l0", 8, 3, 2), {"s", "F32", 0, 0, 0},
                             {"bn.num_batches_tracked", "I64", 0, 0, 0});
    bind_weights(&m, 1, f, NULL, diags, (span){0, 0});
    ck_assert_str_eq(reported(), "");
    ck_assert_float_eq(m->params[0].data[23], 23);
    ck_assert_float_eq(m->params[1].data[0], 24);
    ck_assert_float_eq(m->params[3].data[7], 55);
    ck_assert_float_eq(m->params[4].data[0], 56);
    ck_assert_ptr_eq(m->params[0].data, f->dicts[0].tensors[0].storage->bytes + tensor_find(&f->dicts[0], "lstm.weight_ih_l0")->offset); /* in place */
    tensor_file_close(f);
}
END_TEST

/* Two models: what either uses is used; a converted tensor is converted once. */
START_TEST(test_two_models)
{
    ir_model *first = new_model(), *second = ir_model_new(a, first->dims, "n", (span){0, 0});
    ir_param *h = add_param(first, "param h", 14, "h", 1, 2, 0), *other = add_param(second, "param h", 33, "h", 1, 2, 0);
    ir_param *d = add_param(second, "param d", 33, "d", 1, 1, 0);
    other = &second->params[0];
    tensor_file *f = FILE_OF({"d", "F64", 1, 1, 0}, {"h", "F16", 1, 2, 0});
    bind_weights((ir_model *[]){first, second}, 2, f, NULL, diags, (span){0, 0});
    ck_assert_str_eq(reported(), "");
    ck_assert_ptr_eq(h->data, other->data);
    ck_assert(h->data[1] == 2.0f); /* 2.0f's upper half, 0x4000, as float16 */
    ck_assert_ptr_nonnull(d->data);
    tensor_file_close(f);
}
END_TEST

START_TEST(test_missing)
{
    ir_model *m = new_model();
    add_lstm(m, "lstm", 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF({"lstm.weight_ih_l0", "F32", 2, 20, 6}, {"lstm.weight_hh_l0", "F32", 2, 20, 5},
                                      {"lstm.bias_hh_l0", "F32", 1, 20, 0}, {"lstm.b_ih_l0", "F32", 1, 20, 0},
                                      {"lstm.bias_ih_10", "F32", 1, 20, 0}, {"something.else", "F32", 1, 20, 0})),
                     AT_LSTM("layer lstm = LSTM(6, 5): \"lstm.bias_ih_l0\" [20] is not in weights.safetensors")
                     "  hint: did you mean \"lstm.bias_ih_10\", \"lstm.b_ih_l0\"?\n"
                     "weights.safetensors: warning: nothing uses the tensor \"lstm.b_ih_l0\" F32 [20] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"lstm.bias_ih_10\" F32 [20] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"something.else\" F32 [20] [-Wunused-tensor]\n");
    m = new_model();
    add_linear(m, 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF({"out.weight", "F32", 2, 5, 6})),
                     AT_OUT("layer out = Linear(6, 5): \"out.bias\" [5] is not in weights.safetensors")
                     "  hint: the tensors under \"out\" in weights.safetensors are those of Linear(6, 5, bias=false)\n");
    m = new_model();
    add_linear(m, 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF({"kernel", "F32", 2, 6, 5})),
                     AT_OUT("layer out = Linear(6, 5): none of its 2 tensors is in weights.safetensors")
                     "  note: \"out.weight\" [5, 6] is not in weights.safetensors\n"
                     "  note: \"out.bias\" [5] is not in weights.safetensors\n"
                     "weights.safetensors: warning: nothing uses the tensor \"kernel\" F32 [6, 5] [-Wunused-tensor]\n");
    m = new_model();
    add_param(m, "param w: float32[5]", 14, "w", 1, 5, 0);
    ck_assert_str_eq(bound(m, file_of(NULL, 0)),
                     AT_LSTM("param w: float32[5]: \"w\" [5] is not in weights.safetensors")
                     "  hint: weights.safetensors holds no tensors\n");
}
END_TEST

START_TEST(test_other_prefix)
{
    ir_model *m = new_model();
    add_lstm(m, "lstm", 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF(LSTM_TENSORS("model.lstm.", "_l0", 20, 6, 5),
                                      {"model.out.weight_ih_l0", "F32", 2, 20, 6})),
                     AT_LSTM("layer lstm = LSTM(6, 5): none of its 4 tensors is in weights.safetensors")
                     "  note: \"lstm.weight_ih_l0\" [20, 6] is not in weights.safetensors\n"
                     "  note: \"lstm.weight_hh_l0\" [20, 5] is not in weights.safetensors\n"
                     "  note: \"lstm.bias_ih_l0\" [20] is not in weights.safetensors\n"
                     "  note: \"lstm.bias_hh_l0\" [20] is not in weights.safetensors\n"
                     "  hint: weights.safetensors has them under \"model.lstm\": add from \"model.lstm\" to the layer\n"
                     "weights.safetensors: warning: nothing uses the tensor \"model.out.weight_ih_l0\" F32 [20, 6] [-Wunused-tensor]\n");
    m = new_model();
    add_param(m, "layer e = Embedding(9, 6)", 14, "e.weight", 2, 9, 6);
    ck_assert_str_eq(bound(m, FILE_OF({"decoder.e.weight", "F32", 2, 9, 6}, {"encoder.e.weight", "F32", 2, 9, 6},
                                      {"encoder.f.weight", "F32", 2, 9, 6})),
                     AT_LSTM("layer e = Embedding(9, 6): \"e.weight\" [9, 6] is not in weights.safetensors")
                     "  hint: weights.safetensors has such tensors under \"decoder.e\", \"encoder.e\": say which with "
                     "from \"…\"\n"
                     "weights.safetensors: warning: nothing uses the tensor \"decoder.e.weight\" F32 [9, 6] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"encoder.e.weight\" F32 [9, 6] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"encoder.f.weight\" F32 [9, 6] [-Wunused-tensor]\n");
}
END_TEST

/* The hint about a recurrent layer whose tensors in the file are others than the model says. */
static void check_described(const char *described, tensor_file *f)
{
    ir_model *m = new_model();
    add_lstm(m, "lstm", 6, 5);
    const char *shown = bound(m, f);
    const char *hint = arena_printf(a, "  hint: the tensors under \"lstm\" in weights.safetensors are those of %s\n",
                                    described);
    ck_assert_msg(strstr(shown, hint) != NULL, "no\n%sin\n%s", hint, shown);
}

START_TEST(test_wrong_shapes)
{
    ir_model *m = new_model();
    add_lstm(m, "lstm", 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF(LSTM_TENSORS("lstm.", "_l0", 80, 10, 20))),
                     AT_LSTM("layer lstm = LSTM(6, 5): 4 of its 4 tensors do not fit weights.safetensors")
                     "  note: \"lstm.weight_ih_l0\" should be [20, 6], but in weights.safetensors it is [80, 10]\n"
                     "  note: \"lstm.weight_hh_l0\" should be [20, 5], but in weights.safetensors it is [80, 20]\n"
                     "  note: \"lstm.bias_ih_l0\" should be [20], but in weights.safetensors it is [80]\n"
                     "  note: \"lstm.bias_hh_l0\" should be [20], but in weights.safetensors it is [80]\n"
                     "  hint: the tensors under \"lstm\" in weights.safetensors are those of LSTM(10, 20)\n");
    check_described("GRU(6, 5)", FILE_OF(LSTM_TENSORS("lstm.", "_l0", 15, 6, 5)));
    check_described("RNN(6, 5)", FILE_OF(LSTM_TENSORS("lstm.", "_l0", 5, 6, 5)));
    check_described("LSTMCell(6, 5)", FILE_OF(LSTM_TENSORS("lstm.", "", 20, 6, 5)));
    check_described("LSTM(6, 5, bias=false)", FILE_OF({"lstm.weight_ih_l0", "F32", 2, 20, 6},
                                                      {"lstm.weight_hh_l0", "F32", 2, 20, 5}));
    check_described("LSTM(6, 4, num_layers=2, bidirectional=true)",
                    FILE_OF(LSTM_TENSORS("lstm.", "_l0", 16, 6, 4), LSTM_TENSORS("lstm.", "_l0_reverse", 16, 6, 4),
                            LSTM_TENSORS("lstm.", "_l1", 16, 8, 4), LSTM_TENSORS("lstm.", "_l1_reverse", 16, 8, 4)));
    check_described("LSTM(6, 5, bias=false, proj_size=3)",
                    FILE_OF({"lstm.weight_ih_l0", "F32", 2, 20, 6}, {"lstm.weight_hh_l0", "F32", 2, 20, 3},
                            {"lstm.weight_hr_l0", "F32", 2, 3, 5}));
}
END_TEST

START_TEST(test_transposed)
{
    ir_model *m = new_model();
    add_linear(m, 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF({"out.weight", "F32", 2, 6, 5}, {"out.bias", "F32", 1, 5, 0})),
                     AT_OUT("layer out = Linear(6, 5): \"out.weight\" should be [5, 6], but in weights.safetensors it is "
                            "[6, 5]")
                     "  hint: it is transposed there (Keras keeps it so): PyTorch's weight is [5, 6]\n");
    m = new_model();
    add_linear(m, 6, 5);
    ck_assert_ptr_nonnull(strstr(bound(m, FILE_OF({"out.weight", "F32", 2, 6, 5}, {"out.bias", "F32", 1, 6, 0})),
                                 "  hint: the tensors under \"out\" in weights.safetensors are those of Linear(5, 6)\n"));
}
END_TEST

START_TEST(test_element_types)
{
    ir_model *m = new_model();
    add_linear(m, 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF({"out.weight", "I64", 2, 5, 6}, {"out.bias", "F32", 1, 5, 0})),
                     AT_OUT("layer out = Linear(6, 5): \"out.weight\" has elements of type I64 in weights.safetensors; "
                            "nnc reads F32, F64, F16 and BF16")
                     "  hint: save it as float32: torch.save({key: value.float() for key, value in "
                     "model.state_dict().items()}, \"model.pt\")\n");
    m = new_model();
    add_param(m, "param w: float32[2]", 14, "w", 1, 2, 0);
    const double numbers[] = {1, 1e39};
    write_safetensors("{\"w\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}", numbers, sizeof numbers);
    ck_assert_str_eq(bound(m, tensor_file_open(a, path, diags, (span){0, 0})),
                     AT_LSTM("param w: float32[2]: \"w\" has a number that is too large for float32, its "
                             "element 1, in weights.safetensors"));
}
END_TEST

START_TEST(test_unused)
{
    ir_model *m = new_model();
    add_lstm(m, "lstm", 6, 5);
    ck_assert_str_eq(bound(m, FILE_OF(LSTM_TENSORS("lstm.", "_l0", 20, 6, 5), LSTM_TENSORS("lstm.", "_l1", 20, 5, 5),
                                      {"step", "I64", 0, 0, 0})),
                     "weights.safetensors: warning: nothing uses the tensor \"lstm.bias_hh_l1\" F32 [20] [-Wunused-tensor]\n"
                     "  hint: the tensors under \"lstm\" are those of LSTM(6, 5, num_layers=2), but the model has layer "
                     "lstm = LSTM(6, 5)\n"
                     "weights.safetensors: warning: nothing uses the tensor \"lstm.bias_ih_l1\" F32 [20] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"lstm.weight_hh_l1\" F32 [20, 5] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"lstm.weight_ih_l1\" F32 [20, 5] [-Wunused-tensor]\n"
                     "weights.safetensors: warning: nothing uses the tensor \"step\" I64 [] [-Wunused-tensor]\n");
    m = new_model();
    file_tensor many[25];
    for (int i = 0; i < 25; i++) many[i] = (file_tensor){arena_printf(a, "t%02d", i), "F32", 1, 1, 0};
    const char *shown = bound(m, file_of(many, 25));
    ck_assert_uint_eq(diag_warning_count(diags), 11);
    ck_assert_ptr_nonnull(strstr(shown, "\"t09\""));
    ck_assert_ptr_null(strstr(shown, "\"t10\""));
    ck_assert_ptr_nonnull(strstr(shown, "weights.safetensors: warning: nothing uses 15 more of its tensors [-Wunused-tensor]\n"));
}
END_TEST

/* --- random weights ------------------------------------------------------------------------------------------------------ */

START_TEST(test_random)
{
    ir_model *m = new_model(), *again = ir_model_new(a, m->dims, "again", (span){0, 0});
    add_param(m, "", 0, "big", 2, 100, 25);
    add_param(m, "", 0, "bn.running_var", 1, 1000, 0);
    add_param(m, "", 0, "scalar", 0, 0, 0);
    add_param(again, "", 0, "other", 2, 100, 25);
    add_param(again, "", 0, "big", 2, 100, 25);
    bind_random_weights((ir_model *[]){m, again}, 2, 7);
    const float *big = m->params[0].data;
    ck_assert_mem_eq(big, again->params[1].data, 2500 * sizeof *big); /* by key, not by place */
    ck_assert(memcmp(big, again->params[0].data, 2500 * sizeof *big) != 0);
    double sum = 0, least = 1, most = -1;
    for (int i = 0; i < 2500; i++) {
        double value = (double)big[i];
        sum += value;
        least = fmin(least, value);
        most = fmax(most, value);
    }
    ck_assert(least >= -0.2 && least < -0.19 && most <= 0.2 && most > 0.19 && fabs(sum / 2500) < 0.01);
    for (int i = 0; i < 1000; i++) ck_assert(m->params[1].data[i] > 0);
    ck_assert(fabsf(m->params[2].data[0]) <= 1);
    bind_random_weights(&again, 1, 8);
    ck_assert(memcmp(big, again->params[1].data, 2500 * sizeof *big) != 0); /* by seed */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("weights");
    TCase *t = tcase_create("weights");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, test_reads_tensors);
    tcase_add_test(t, test_in_place);
    tcase_add_test(t, test_many_tensors);
    tcase_add_test(t, test_broken_headers);
    tcase_add_test(t, test_broken_json);
    tcase_add_test(t, test_truncated);
    tcase_add_test(t, test_header_lengths);
    tcase_add_test(t, test_other_files);
    tcase_add_test(t, test_place);
    tcase_add_test(t, test_halves);
    tcase_add_test(t, test_bfloats);
    tcase_add_test(t, test_doubles);
    tcase_add_test(t, test_binds);
    tcase_add_test(t, test_two_models);
    tcase_add_test(t, test_missing);
    tcase_add_test(t, test_other_prefix);
    tcase_add_test(t, test_wrong_shapes);
    tcase_add_test(t, test_transposed);
    tcase_add_test(t, test_element_types);
    tcase_add_test(t, test_unused);
    tcase_add_test(t, test_random);
    suite_add_tcase(suite, t);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
