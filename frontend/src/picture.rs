//! Makes of a picked picture what travels: upright, square, no larger than the server keeps it, and
//! without what a camera writes into its files. A photo of 6 MB travels as some 20 kB.

use js_sys::{Function, Promise};
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

/// The middle square of a picture, upright and at most [`SIDE`] pixels wide, as `WebP`, or as JPEG
/// where the browser writes none; of an animation one still.
///
/// The file itself comes back where this would save nothing: it is small already, or the browser
/// has no `createImageBitmap` or no canvas that can be read.
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
    context.set_image_smoothing_enabled(true);
    // Without it, browsers skip most pixels of a large photo.
    let _ = js_sys::Reflect::set(&context, &"imageSmoothingQuality".into(), &"high".into());
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
