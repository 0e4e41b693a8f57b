<?php
// What a test asks of the WordPress beside it: php wordpress_site.php FOLDER < a JSON object on standard input.
// "install" sets a newsroom up, "posts" writes or changes posts (by "slug"), "export" prints what Tools → Export gives.

[, $folder] = $argv;
$ask = json_decode(file_get_contents('php://stdin'), true);
$_SERVER += ['HTTP_HOST' => $ask['host'], 'SERVER_NAME' => '127.0.0.1', 'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1'];
if ($ask['do'] === 'install') {
    define('WP_INSTALLING', true);
}
require "$folder/wp-load.php";

switch ($ask['do']) {
    case 'install':
        require_once ABSPATH . 'wp-admin/includes/upgrade.php';
        wp_install('Le Journal & Cie', 'redaction', 'redaction@exemple.tg', true, '', 'un-mot-de-passe');
        update_option('permalink_structure', '/%category%/%postname%/');
        update_option('timezone_string', 'Africa/Lome');
        update_option('default_comment_status', 'closed');
        wp_delete_post(1, true);
        wp_delete_post(2, true);
        flush_rewrite_rules();
        foreach (['afi' => 'Afi Kossi', 'koffi' => 'Koffi d\'Almeida'] as $login => $name) {
            wp_insert_user(['user_login' => $login, 'user_pass' => $login, 'display_name' => $name, 'role' => 'author']);
        }
        break;

    case 'posts':
        require_once ABSPATH . 'wp-admin/includes/taxonomy.php';
        require_once ABSPATH . 'wp-admin/includes/image.php';
        kses_remove_filters();
        foreach ($ask['posts'] as $post) {
            $known = get_page_by_path($post['slug'], OBJECT, 'post');
            if (!empty($post['gone'])) {
                wp_trash_post($known->ID);
                continue;
            }
            // Without edit_date a draft loses the date it is given.
            $fields = ['edit_date' => true, 'post_type' => 'post', 'post_status' => $post['status'] ?? 'publish', 'post_name' => $post['slug']];
            if ($known) {
                $fields['ID'] = $known->ID;
            }
            foreach (['title' => 'post_title', 'html' => 'post_content', 'excerpt' => 'post_excerpt', 'gmt' => 'post_date_gmt'] as $from => $to) {
                if (isset($post[$from])) {
                    $fields[$to] = $post[$from];
                }
            }
            if (isset($post['gmt'])) {
                $fields['post_date'] = get_date_from_gmt($post['gmt']);
            }
            if (isset($post['author'])) {
                $fields['post_author'] = get_user_by('login', $post['author'])->ID;
            }
            if (isset($post['categories'])) {
                $fields['post_category'] = array_map('wp_create_category', $post['categories']);
            }
            if (isset($post['tags'])) {
                $fields['tags_input'] = $post['tags'];
            }
            if (!$known && empty($post['at_once'])) {
                // As the editor does: a draft first, whose guid is ?p=ID for ever.
                $fields['ID'] = wp_insert_post(['post_type' => 'post', 'post_status' => 'draft', 'post_title' => '-']);
                $known = true;
            }
            $id = $known ? wp_update_post(wp_slash($fields), true) : wp_insert_post(wp_slash($fields), true);
            if (is_wp_error($id)) {
                fwrite(STDERR, $id->get_error_message());
                exit(1);
            }
            if (isset($post['picture'])) {
                $upload = wp_upload_bits($post['slug'] . '.png', null, base64_decode($post['picture']));
                $picture = wp_insert_attachment(['post_mime_type' => 'image/png', 'post_title' => $post['slug']], $upload['file'], $id);
                wp_update_attachment_metadata($picture, wp_generate_attachment_metadata($picture, $upload['file']));
                update_post_meta($picture, '_wp_attachment_image_alt', 'Une « image » d\'essai');
                set_post_thumbnail($id, $picture);
                if (!empty($post['shows_picture'])) {
                    // As the editor writes it; WordPress adds srcset and sizes when it shows the post.
                    [$url, $width, $height] = wp_get_attachment_image_src($picture, 'large');
                    $image = "\n\n<!-- wp:image {\"id\":$picture,\"sizeSlug\":\"large\"} -->\n<figure class=\"wp-block-image size-large\"><img src=\"$url\" alt=\"\" class=\"wp-image-$picture\"/></figure>\n<!-- /wp:image -->";
                    wp_update_post(wp_slash(['ID' => $id, 'post_content' => $post['html'] . $image]));
                }
            }
        }
        break;

    case 'export':
        require_once ABSPATH . 'wp-admin/includes/export.php';
        export_wp(['content' => 'all']);
        break;
}
