/* digits: reads pictures of digits out of a text file, and says which digits they are.
 *
 *     digits digits.txt
 *
 * A picture is 12 lines of 12 characters: `.` is paper, `#` is ink, `+` is half of each. An empty line ends a picture.
 */
#include <stdio.h>
#include <string.h>

#include "digits.h"

enum { SIZE = 12, CLASSES = 10 };

typedef struct {
    const char *path;
    FILE *file;
    size_t line;
} reader;

static int fault(const reader *from, const char *what) {
    fprintf(stderr, "%s:%zu: %s\n", from->path, from->line, what);
    return -1;
}

/* Reads the next picture. Returns 1, or 0 at the file's end, or -1 after a message. */
static int read_picture(reader *from, float picture[SIZE][SIZE]) {
    char text[SIZE + 3]; /* a row, "\r\n" and the 0 */
    size_t rows = 0;
    while (fgets(text, sizeof text, from->file) != NULL) {
        from->line++;
        const size_t length = strcspn(text, "\r\n");
        if (length == 0 && rows == 0) continue;
        if (length == 0) break;
        if (rows == SIZE) return fault(from, "a picture has 12 rows, this is one more");
        if (length != SIZE) return fault(from, "a row has 12 characters");
        for (size_t column = 0; column < SIZE; column++) {
            switch (text[column]) {
            case '.': picture[rows][column] = 0.0F; break;
            case '+': picture[rows][column] = 0.5F; break;
            case '#': picture[rows][column] = 1.0F; break;
            default: return fault(from, "a row is made of '.', '+' and '#'");
            }
        }
        rows++;
    }
    if (ferror(from->file)) return fault(from, "the file cannot be read on");
    if (rows == 0) return 0;
    return rows == SIZE ? 1 : fault(from, "a picture has 12 rows, this one has fewer");
}

static int best_of(const float scores[CLASSES]) {
    int best = 0;
    for (int i = 1; i < CLASSES; i++)
        if (scores[i] > scores[best]) best = i;
    return best;
}

/* Reads and classifies as many pictures a run as the model takes. Returns the program's exit status. */
static int classify(reader *from) {
    static digits model;
    static float pictures[DIGITS_B_MAX][SIZE][SIZE];
    static float scores[DIGITS_B_MAX][CLASSES];
    const char *space = "";
    int more = 1;
    while (more > 0) {
        size_t count = 0;
        while (count < DIGITS_B_MAX && (more = read_picture(from, pictures[count])) > 0) count++;
        if (more < 0) return 1;
        if (count == 0) break;
        digits_reset(&model);
        const nnc_status status = digits_run(&model, count, pictures[0][0], scores[0]);
        if (status != NNC_OK) {
            fprintf(stderr, "digits: %s\n", nnc_status_string(status));
            return 1;
        }
        for (size_t i = 0; i < count; i++, space = " ") printf("%s%d", space, best_of(scores[i]));
    }
    printf("\n");
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: digits PICTURES.txt\n");
        return 1;
    }
    reader from = {argv[1], fopen(argv[1], "r"), 0};
    if (from.file == NULL) {
        perror(argv[1]);
        return 1;
    }
    const int exit_status = classify(&from);
    fclose(from.file);
    return exit_status;
}
