// The kernels of kernels.py as a specialist would write them: OpenMP threads and SIMD, -ffast-math.
#include <cmath>

struct Body { float p[3], q[4], v[3], w[3]; };

extern "C" {

// in blocks of 64, for GCC takes no loop around a loop with calls to its vector math library
void chain(long n, const float* x, float* y) {
#pragma omp parallel for schedule(static)
    for (long i = 0; i < n; i += 64) {
        float s[64];
        for (int l = 0; l < 64; ++l) s[l] = x[i + l];
        for (int k = 0; k < 64; ++k)
#pragma omp simd
            for (int l = 0; l < 64; ++l) s[l] = sinf(s[l]) + expf(-s[l] * s[l]);
        for (int l = 0; l < 64; ++l) y[i + l] = s[l];
    }
}

void nbody(long n, const float* p, const float* m, float* a) {
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < n; ++i) {
        float qx = p[3 * i], qy = p[3 * i + 1], qz = p[3 * i + 2], ax = 0, ay = 0, az = 0;
        for (long j = 0; j < n; ++j) {
            float dx = p[3 * j] - qx, dy = p[3 * j + 1] - qy, dz = p[3 * j + 2] - qz;
            float inv = 1.0f / sqrtf(dx * dx + dy * dy + dz * dz + 1e-3f);
            float s = m[j] * inv * inv * inv;
            ax += dx * s; ay += dy * s; az += dz * s;
        }
        a[3 * i] = ax; a[3 * i + 1] = ay; a[3 * i + 2] = az;
    }
}

void mandelbrot(long n, int* out) {
#pragma omp parallel for schedule(dynamic, 4)
    for (long i = 0; i < n; ++i)
#pragma omp simd
        for (long j = 0; j < n; ++j) {
            float cx = -2.0f + 3.0f * float(j) / float(n), cy = -1.5f + 3.0f * float(i) / float(n);
            float x = 0, y = 0;
            int k = 0, live = 1;
            for (int turn = 0; turn < 256; ++turn) {
                live = live & (x * x + y * y < 4.0f);
                float t = x * x - y * y + cx;
                y = live ? 2.0f * x * y + cy : y;
                x = live ? t : x;
                k += live;
            }
            out[i * n + j] = k;
        }
}

static inline void turned(const float* q, const float* v, float s, float* r) {
    float x = s * q[0], y = s * q[1], z = s * q[2], w = q[3];
    float tx = 2 * (y * v[2] - z * v[1]), ty = 2 * (z * v[0] - x * v[2]), tz = 2 * (x * v[1] - y * v[0]);
    r[0] = v[0] + w * tx + y * tz - z * ty;
    r[1] = v[1] + w * ty + z * tx - x * tz;
    r[2] = v[2] + w * tz + x * ty - y * tx;
}

void rigid(long n, const Body* in, const float* inertia, const float* inverse, Body* out, float dt) {
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < n; ++i) {
        Body b = in[i];
        const float *I = inertia + 9 * i, *J = inverse + 9 * i;
        float w[3], l[3], t[3], ww[3];
        turned(b.q, b.w, -1.0f, w);
        for (int r = 0; r < 3; ++r) l[r] = I[3 * r] * w[0] + I[3 * r + 1] * w[1] + I[3 * r + 2] * w[2];
        t[0] = w[1] * l[2] - w[2] * l[1]; t[1] = w[2] * l[0] - w[0] * l[2]; t[2] = w[0] * l[1] - w[1] * l[0];
        for (int r = 0; r < 3; ++r) l[r] = J[3 * r] * t[0] + J[3 * r + 1] * t[1] + J[3 * r + 2] * t[2];
        for (int r = 0; r < 3; ++r) w[r] -= l[r] * dt;
        turned(b.q, w, 1.0f, ww);
        b.v[2] -= 9.81f * dt;
        for (int r = 0; r < 3; ++r) { b.p[r] += b.v[r] * dt; b.w[r] = ww[r]; }
        float h = 0.5f * dt, x = b.q[0], y = b.q[1], z = b.q[2], s = b.q[3];
        float q0 = x + h * (ww[0] * s + ww[1] * z - ww[2] * y), q1 = y + h * (ww[1] * s + ww[2] * x - ww[0] * z);
        float q2 = z + h * (ww[2] * s + ww[0] * y - ww[1] * x), q3 = s - h * (ww[0] * x + ww[1] * y + ww[2] * z);
        float k = 1.0f / sqrtf(q0 * q0 + q1 * q1 + q2 * q2 + q3 * q3);
        b.q[0] = q0 * k; b.q[1] = q1 * k; b.q[2] = q2 * k; b.q[3] = q3 * k;
        out[i] = b;
    }
}

void triangles(long n, const float* o, const float* d, const float* tri, float* best, int count) {
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < n; ++i) {
        float ox = o[3 * i], oy = o[3 * i + 1], oz = o[3 * i + 2];
        float dx = d[3 * i], dy = d[3 * i + 1], dz = d[3 * i + 2], least = 1e30f;
        for (int k = 0; k < count; ++k) {
            const float* a = tri + 9 * k;
            float ex = a[3] - a[0], ey = a[4] - a[1], ez = a[5] - a[2];
            float fx = a[6] - a[0], fy = a[7] - a[1], fz = a[8] - a[2];
            float px = dy * fz - dz * fy, py = dz * fx - dx * fz, pz = dx * fy - dy * fx;
            float det = ex * px + ey * py + ez * pz, inv = 1.0f / det;
            float sx = ox - a[0], sy = oy - a[1], sz = oz - a[2];
            float u = (sx * px + sy * py + sz * pz) * inv;
            float qx = sy * ez - sz * ey, qy = sz * ex - sx * ez, qz = sx * ey - sy * ex;
            float v = (dx * qx + dy * qy + dz * qz) * inv, t = (fx * qx + fy * qy + fz * qz) * inv;
            bool hit = (fabsf(det) > 1e-8f) & (u >= 0) & (u <= 1) & (v >= 0) & (u + v <= 1) & (t > 0) & (t < least);
            least = hit ? t : least;
        }
        best[i] = least;
    }
}

void march(long n, const float* o, const float* d, float* out) {
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < n; ++i) {
        float t = 0;
        int live = 1;
        for (int k = 0; k < 96; ++k) {
            float x = fabsf(o[3 * i] + d[3 * i] * t) - 0.7f, y = fabsf(o[3 * i + 1] + d[3 * i + 1] * t) - 0.5f;
            float z = fabsf(o[3 * i + 2] + d[3 * i + 2] * t) - 0.4f;
            float gx = fmaxf(x, 0), gy = fmaxf(y, 0), gz = fmaxf(z, 0);
            float h = sqrtf(gx * gx + gy * gy + gz * gz) + fminf(fmaxf(x, fmaxf(y, z)), 0.0f);
            live = live & (h >= 1e-4f);
            t = live ? t + h : t;
            live = live & (t <= 20.0f);
        }
        out[i] = t;
    }
}

// neighbours of a row of cells lie side by side
void density(long n, const float* x, const int* first, float* out, int cells, float radius) {
#pragma omp parallel for schedule(static)
    for (long i = 0; i < n; ++i) {
        float px = x[3 * i], py = x[3 * i + 1], pz = x[3 * i + 2], total = 0;
        int cx = int(px / radius), cy = int(py / radius), cz = int(pz / radius);
        for (int row = 0; row < 9; ++row) {
            int cell = ((cz + row / 3 - 1) * cells + cy + row % 3 - 1) * cells + cx;
            int begin = first[cell - 1], end = first[cell + 2];
#pragma omp simd reduction(+ : total)
            for (int j = begin; j < end; ++j) {
                float dx = x[3 * j] - px, dy = x[3 * j + 1] - py, dz = x[3 * j + 2] - pz;
                float w = fmaxf(radius * radius - (dx * dx + dy * dy + dz * dz), 0.0f);
                total += w * w * w;
            }
        }
        out[i] = total;
    }
}

void segments(long n, const float* p, const float* ends, float* least, int count) {
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < n; ++i) {
        float px = p[3 * i], py = p[3 * i + 1], pz = p[3 * i + 2], best = 1e30f;
        for (int k = 0; k < count; ++k) {
            const float* a = ends + 6 * k;
            float lx = a[3] - a[0], ly = a[4] - a[1], lz = a[5] - a[2];
            float ox = px - a[0], oy = py - a[1], oz = pz - a[2];
            float t = (ox * lx + oy * ly + oz * lz) / (lx * lx + ly * ly + lz * lz);
            t = fminf(fmaxf(t, 0.0f), 1.0f);
            float dx = ox - lx * t, dy = oy - ly * t, dz = oz - lz * t;
            best = fminf(best, dx * dx + dy * dy + dz * dz);
        }
        least[i] = sqrtf(best);
    }
}
}
