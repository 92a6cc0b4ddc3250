// In the language of old browsers: it runs where the start script in `Trunk.toml` cannot be read.
// Says on the page that the app cannot start. A page that only waits for the app has a simpler one.
function cannotStart(lacks) {
  document.documentElement.className += ' broken';
  if (lacks && document.querySelector('.skeleton') && !document.querySelector('.without-app'))
    location.replace('/profile?plain');
}
onload = function () {
  if (!window.starts) cannotStart(true);
};
