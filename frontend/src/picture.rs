//! Makes of a picked picture what travels: upright, square, no larger than the server keeps it, and
//! without what a camera writes into its files. A photo of 6 MB travels as some 20 kB.

use js_sys::{Function, Promise, Reflect, Uint8Array, Uint8ClampedArray};
use leptos::{
    prelude::{document, window},
    wasm_bindgen::{JsCast, JsValue},
};
use shared::avatar::SIDE;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, ImageBitmap};

/// `WebP` and JPEG quality: the server encodes it once more, so little may be lost here.
const QUALITY: f64 = 0.9;

/// The browser can decode pictures, but not this file: it is damaged, has more pixels than fit into
/// memory, or is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// The first bytes of a file, at most so many; `None` where the browser does not give them.
pub async fn head(file: &Blob, bytes: usize) -> Option<Vec<u8>> {
    #[expect(clippy::cast_precision_loss, reason = "a handful of bytes")]
    let head = file.slice_with_f64_and_f64(0.0, bytes as f64).ok()?;
    let head = JsFuture::from(head.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&head).to_vec())
}

/// The middle square of a picture, upright and at most [`SIDE`] pixels wide, as `WebP`, or as JPEG
/// where the browser writes none; of an animation one still.
///
/// The file itself comes back where this would save nothing: it is small already, or the browser
/// has no `createImageBitmap` or no canvas that can be read. Some can be, but give noise: browsers
/// do so to be harder to recognise.
///
/// # Errors
/// [`Unreadable`].
pub async fn small(file: &Blob) -> Result<Blob, Unreadable> {
    // The browser decodes beside the page, which goes on meanwhile, and heeds the EXIF orientation.
    let Ok(decoding) = window().create_image_bitmap_with_blob(file) else {
        return Ok(file.clone());
    };
    let bitmap: ImageBitmap = JsFuture::from(decoding)
        .await
        .map_err(|_| Unreadable)?
        .unchecked_into();
    let small = drawn(&bitmap).await;
    // It holds four bytes for each pixel, 96 MB of a large photo.
    bitmap.close();
    Ok(small
        .filter(|small| small.size() < file.size())
        .unwrap_or_else(|| file.clone()))
}

/// The picture as it travels; `None` where the canvas gives nothing.
async fn drawn(bitmap: &ImageBitmap) -> Option<Blob> {
    let square = Square::of(bitmap.width(), bitmap.height());
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.unchecked_into();
    canvas.set_width(square.width);
    canvas.set_height(square.width);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.unchecked_into();
    if !gives_what_was_drawn(&context, square.width) {
        return None;
    }
    context.set_image_smoothing_enabled(true);
    // Without it, browsers skip most pixels of a large photo.
    let _ = Reflect::set(&context, &"imageSmoothingQuality".into(), &"high".into());
    let (from, width) = (f64::from(square.from_width), f64::from(square.width));
    context
        .draw_image_with_image_bitmap_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
            bitmap,
            f64::from(square.x),
            f64::from(square.y),
            from,
            from,
            0.0,
            0.0,
            width,
            width,
        )
        .ok()?;
    let webp = encoded(&canvas, "image/webp").await?;
    if webp.type_() == "image/webp" {
        return Some(webp);
    }
    // JPEG knows no transparency, which would turn black.
    context.set_global_composite_operation("destination-over").ok()?;
    context.set_fill_style_str("#fff");
    context.fill_rect(0.0, 0.0, width, width);
    encoded(&canvas, "image/jpeg").await
}

/// How many pixels of each side are tried.
const TRIED: u32 = 16;

/// Whether the canvas can be trusted: reads colours that were just drawn, then clears it. It is
/// tried in as many colours as there are pixels, since a canvas of one colour is not disturbed.
fn gives_what_was_drawn(context: &CanvasRenderingContext2d, width: u32) -> bool {
    let count = TRIED.min(width);
    let colour = |x: u32, y: u32| [x * 16, y * 16, 255 - x * 16];
    for (x, y) in pixels(count) {
        let [red, green, blue] = colour(x, y).map(|part| part.to_string());
        context.set_fill_style_str(&["rgb(", &red, ",", &green, ",", &blue, ")"].concat());
        context.fill_rect(f64::from(x), f64::from(y), 1.0, 1.0);
    }
    let size = f64::from(count);
    let read = pixel_bytes(context, size);
    context.clear_rect(0.0, 0.0, size, size);
    let drawn = pixels(count).flat_map(|(x, y)| colour(x, y).into_iter().chain([255]));
    read.is_some_and(|read| read.into_iter().map(u32::from).eq(drawn))
}

/// Red, green, blue and opacity of the pixels in a square at the upper left; `None` where the canvas
/// cannot be read.
fn pixel_bytes(context: &CanvasRenderingContext2d, size: f64) -> Option<Vec<u8>> {
    let read = Reflect::get(context, &"getImageData".into()).ok()?;
    let square = [0.0, 0.0, size, size]
        .map(JsValue::from_f64)
        .into_iter()
        .collect();
    let read = read.dyn_into::<Function>().ok()?.apply(context, &square).ok()?;
    let bytes: Uint8ClampedArray = Reflect::get(&read, &"data".into()).ok()?.dyn_into().ok()?;
    Some(bytes.to_vec())
}

/// The places of a square's pixels, line by line.
fn pixels(side: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..side).flat_map(move |y| (0..side).map(move |x| (x, y)))
}

/// What the canvas shows, in this format or as PNG; `None` where the canvas cannot be read.
async fn encoded(canvas: &HtmlCanvasElement, media_type: &str) -> Option<Blob> {
    let encoding = Promise::new(&mut |resolve: Function, reject: Function| {
        let asked = canvas.to_blob_with_type_and_encoder_options(&resolve, media_type, &QUALITY.into());
        if let Err(reason) = asked {
            let _ = reject.call1(&JsValue::NULL, &reason);
        }
    });
    JsFuture::from(encoding).await.ok()?.dyn_into().ok()
}

/// Which part of a picture is kept, in pixels.
#[derive(Debug, PartialEq, Eq)]
struct Square {
    x: u32,
    y: u32,
    from_width: u32,
    width: u32,
}

impl Square {
    /// The middle; it is never enlarged.
    fn of(width: u32, height: u32) -> Self {
        let from_width = width.min(height);
        Self {
            x: (width - from_width) / 2,
            y: (height - from_width) / 2,
            from_width,
            width: from_width.min(SIDE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_square_is_kept_and_never_enlarged() {
        for (size, x, y, from_width, width) in [
            ((4000, 3000), 500, 0, 3000, SIDE),
            ((3000, 4001), 0, 500, 3000, SIDE),
            ((40, 30), 5, 0, 30, 30),
            ((1, 9000), 0, 4499, 1, 1),
        ] {
            let square = Square {
                x,
                y,
                from_width,
                width,
            };
            assert_eq!(Square::of(size.0, size.1), square);
        }
    }
}
