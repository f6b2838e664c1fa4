// The ternary product of crates/kernels (row-lane, two bits) for this machine's own instructions, as a yardstick for the
// same in WebAssembly. Built and run by the bench alone: cc -O3 -march=native. Prints JSON.
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROW_BLOCK = 32, STEP_K = 16, STEP_BYTES = 128, SAMPLES = 100 };

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

#if defined(__AVX512VNNI__)
#define NAME "AVX-512 VNNI"
enum { LANES = 16 };
typedef __m512i Vector;
static Vector load(const uint8_t *at) { return _mm512_loadu_si512(at); }
static Vector splat(int32_t four) { return _mm512_set1_epi32(four); }
static Vector zero(void) { return _mm512_setzero_si512(); }
static Vector plane(Vector v, int p) { return _mm512_and_si512(_mm512_srli_epi16(v, 2 * p), _mm512_set1_epi8(3)); }
static Vector dot(Vector sum, Vector codes, Vector q) { return _mm512_dpbusd_epi32(sum, codes, q); }
static void store(int32_t *to, Vector v) { _mm512_storeu_si512(to, v); }
#elif defined(__AVX2__)
#define NAME "AVX2"
enum { LANES = 8 };
typedef __m256i Vector;
static Vector load(const uint8_t *at) { return _mm256_loadu_si256((const __m256i *)at); }
static Vector splat(int32_t four) { return _mm256_set1_epi32(four); }
static Vector zero(void) { return _mm256_setzero_si256(); }
static Vector plane(Vector v, int p) { return _mm256_and_si256(_mm256_srli_epi16(v, 2 * p), _mm256_set1_epi8(3)); }
static Vector dot(Vector sum, Vector codes, Vector q) {
  Vector pairs = _mm256_maddubs_epi16(codes, q);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
static void store(int32_t *to, Vector v) { _mm256_storeu_si256((__m256i *)to, v); }
#else
#error "the yardstick needs AVX2"
#endif

enum { VECTORS = ROW_BLOCK / LANES };

// acc[row] = sum of code * q over K; codes 0 to 2 are the weights -1 to 1, which the caller turns back.
static void product(const uint8_t *weights, const int8_t *q, int32_t *acc, int rows, int k) {
  for (int block = 0; block < rows / ROW_BLOCK; block++) {
    Vector sums[VECTORS];
    for (int v = 0; v < VECTORS; v++) sums[v] = zero();
    for (int step = 0; step < k / STEP_K; step++, weights += STEP_BYTES) {
      for (int p = 0; p < 4; p++) {
        int32_t four;
        memcpy(&four, q + step * STEP_K + 4 * p, 4);
        for (int v = 0; v < VECTORS; v++)
          sums[v] = dot(sums[v], plane(load(weights + v * sizeof(Vector)), p), splat(four));
      }
    }
    for (int v = 0; v < VECTORS; v++) store(acc + block * ROW_BLOCK + v * LANES, sums[v]);
  }
}

// The row-lane layout read code by code, to check the product.
static int32_t plain(const uint8_t *weights, const int8_t *q, int row, int k) {
  int32_t sum = 0;
  int within = row % ROW_BLOCK;
  for (int i = 0; i < k; i++) {
    const uint8_t *step = weights + ((size_t)(row / ROW_BLOCK) * (k / STEP_K) + i / STEP_K) * STEP_BYTES;
    uint8_t byte = step[(within / 4) * 16 + (within % 4) * 4 + i % 4];
    sum += ((byte >> (2 * (i % STEP_K / 4))) & 3) * q[i];
  }
  return sum;
}

static void measure(int rows, int k, const char *end) {
  size_t bytes = (size_t)rows * k / 4;
  uint8_t *weights = malloc(bytes);
  int8_t *q = malloc(k);
  int32_t *acc = malloc(rows * sizeof(int32_t));
  for (size_t i = 0; i < bytes; i++) weights[i] = (uint8_t)(rand() & 0xaa & rand());
  for (int i = 0; i < k; i++) q[i] = (int8_t)(rand() % 255 - 127);
  product(weights, q, acc, rows, k);
  for (int row = 0; row < rows; row += 37) {
    if (acc[row] == plain(weights, q, row, k)) continue;
    fprintf(stderr, "row %d is wrong\n", row);
    exit(1);
  }
  int times = 1 + (int)(1e8 / ((double)rows * k));
  double best = 1e9;
  for (int i = 0; i < SAMPLES; i++) {
    double start = now_ms();
    for (int j = 0; j < times; j++) product(weights, q, acc, rows, k);
    double ms = (now_ms() - start) / times;
    if (ms < best) best = ms;
  }
  printf("{\"rows\":%d,\"k\":%d,\"gmacs\":%.2f,\"gbs\":%.2f}%s", rows, k, rows * (double)k / best / 1e6, bytes / best / 1e6, end);
  free(weights), free(q), free(acc);
}

int main(void) {
  printf("{\"instructions\":\"%s\",\"speeds\":[", NAME);
  measure(512, 2048, ",");
  measure(5632, 2048, "]}\n");
  return 0;
}
