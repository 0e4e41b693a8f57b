<?php
/**
 * Plugin Name: Anciens flux vers kiosque
 * Description: Conduit les anciennes adresses des flux de ce site vers @KIOSQUE@, qui les sert désormais.
 *
 * Written by `kiosque feed redirects --for wordpress`. Save it as wp-content/mu-plugins/kiosque-feeds.php (make the folder
 * if there is none): WordPress loads it by itself. Removing the file undoes it.
 */

defined('ABSPATH') || exit;

(static function () {
    $request = $_SERVER['REQUEST_URI'] ?? '';
    // Not kiosque itself, which may read this site's own feed as a source.
    $own = strncmp($_SERVER['HTTP_USER_AGENT'] ?? '', 'kiosque/', 8) === 0;
    if (PHP_SAPI === 'cli' || $own || $request === '' || !preg_match('~@UNDER@~D', $request, $found)) {
        return;
    }
    $parts = explode('?', $request, 2);
    $path = rawurldecode($parts[0]);
    parse_str($parts[1] ?? '', $query);
    $feed = $query['feed'] ?? '';
    // WordPress: /feed/, /category/…/feed/atom/, /wp-rss2.php, ?feed=rss2&cat=7. Joomla: /politique.feed, ?format=feed
    $old = preg_match('~@PATHS@~D', $path)
        || (is_string($feed) && preg_match('~^(?:@FORMATS@)$~D', $feed))
        || ($query['format'] ?? '') === 'feed';
    if (!$old || preg_match('~@NEVER@~D', $path)) {
        return;
    }
    header('Vary: User-Agent');
    header('Location: @KIOSQUE@' . ($found['kiosque_rest'] ?? ''), true, 301);
    exit;
})();
