/* source: the text of one .nn file, and places in it.
 *
 * A span is a half-open range of byte offsets into the text; every token, AST node and IR value keeps one, so that
 * late errors and the comments of the generated C still point into the .nn file. Lines and columns are computed only
 * when something is shown. Lines count from 1; columns count characters (UTF-8 code points) from 1. A line ends at
 * "\n"; a "\r" before it is not part of the line. A byte that is not valid UTF-8 counts as one character. A byte order
 * mark at the start of a file is dropped: it is not part of the text. Editors count otherwise: see source_utf16_of.
 */
#ifndef NNC_SUPPORT_SOURCE_H
#define NNC_SUPPORT_SOURCE_H

#include <stdbool.h>
#include <stdio.h>

#include "support/arena.h"

enum { SOURCE_MAX_BYTES = 64 << 20 }; /* of a .nn file */

typedef struct {
    size_t begin, end; /* bytes; begin <= end <= size of the text */
} span;

typedef struct {
    const char *path;   /* as given on the command line, for messages */
    const char *text;   /* size bytes, and a 0 behind them */
    size_t size;
    size_t dropped;     /* bytes of the file before the text: 3 for a byte order mark, else 0 */
    const size_t *line_starts; /* offset of each line's first byte */
    size_t line_count;
} source;

typedef struct {
    size_t line, column; /* both from 1, but for source_utf16_of */
} source_place;

span span_join(span first, span last);
span source_clamp(const source *s, span where); /* cut to what the text has */

/* Does the path end in one of these, such as ".pt .pth", in whatever case? */
bool source_path_ends(const char *path, const char *endings);
/* Those that files of weights have. */
#define SOURCE_WEIGHTS_ENDINGS ".pt .pth .ckpt .bin .pkl .safetensors .npz .npy"

/* Reads a whole file into the arena. Returns NULL and sets *error (arena text, "No such file or directory") when the
 * file cannot be read, is not a regular file or is larger than max_bytes. */
source *source_read(arena *a, const char *path, size_t max_bytes, const char **error);
/* The same of a stream, up to its end. */
source *source_read_stream(arena *a, const char *path, FILE *from, size_t max_bytes, const char **error);
/* Wraps text that is in memory. The text is copied. */
source *source_from_text(arena *a, const char *path, const char *text, size_t size);

source_place source_place_of(const source *s, size_t offset);
/* The same as the Language Server Protocol counts: both from 0, columns in units of UTF-16. */
source_place source_utf16_of(const source *s, size_t offset);
/* The bytes of a line without its end, not 0-terminated; length in *length. line is from 1. */
const char *source_line(const source *s, size_t line, size_t *length);

/* fopen(path, "rb") that does not wait where path is a pipe that nobody writes to: a file may name any other. */
FILE *source_open(const char *path);

#endif
